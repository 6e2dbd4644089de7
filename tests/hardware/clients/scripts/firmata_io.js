// firmata-io: argument: the port. Prints what it found as one line of JSON.
const { SerialPortStream } = require("@serialport/stream");
const { autoDetect } = require("@serialport/bindings-cpp");
const { Firmata } = require("firmata-io");

const port = new SerialPortStream({ binding: autoDetect(), path: process.argv[2], baudRate: 57600 });
const board = new Firmata(port, { skipCapabilities: false });
const found = {};
const strings = [];
board.on("string", (text) => strings.push(text));
board.on("error", (error) => { console.error(String(error)); process.exit(1); });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

board.on("ready", async () => {
  found.firmware = board.firmware.name;
  found.pins = board.pins.length;
  found.channels = board.analogPins.length;
  board.pinMode(13, board.MODES.OUTPUT);
  for (const level of [1, 0, 1, 0]) { board.digitalWrite(13, level); await pause(50); }
  board.pinMode(7, board.MODES.INPUT);
  board.digitalRead(7, (value) => { found.digital = value; });
  board.pinMode(1, board.MODES.ANALOG);
  board.analogRead(1, (value) => { found.analog = value; });
  board.accelStepperConfig({ deviceNum: 0, type: board.STEPPER.TYPE.DRIVER, stepPin: 2, directionPin: 3 });
  board.accelStepperSpeed(0, 500);
  board.accelStepperStep(0, 100, async (position) => {
    found.moved = position;
    await pause(200);
    console.log(JSON.stringify({ ...found, strings }));
    process.exit(0);
  });
});
