// johnny-five over firmata-io: argument: the port. Prints what it found as one line of JSON.
const { SerialPortStream } = require("@serialport/stream");
const { autoDetect } = require("@serialport/bindings-cpp");
const { Firmata } = require("firmata-io");
const five = require("johnny-five");

const port = new SerialPortStream({ binding: autoDetect(), path: process.argv[2], baudRate: 57600 });
const io = new Firmata(port);
const found = {};
const strings = [];
io.on("string", (text) => strings.push(text));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const board = new five.Board({ io, repl: false, debug: false });
board.on("error", (error) => { console.error(String(error)); process.exit(1); });

board.on("ready", async () => {
  found.firmware = io.firmware.name;
  found.pins = io.pins.length;
  found.channels = io.analogPins.length;
  const led = new five.Led(13);
  for (const turn of ["on", "off", "on", "off"]) { led[turn](); await pause(50); }
  const button = new five.Pin(7);
  button.read((error, value) => { found.digital = value; });
  const sensor = new five.Sensor({ pin: "A1", freq: 50 });
  sensor.on("data", function () { found.analog = this.raw; });
  // Its own Stepper speaks 72, the message before AccelStepper; the board below it speaks AccelStepper.
  io.accelStepperConfig({ deviceNum: 0, type: io.STEPPER.TYPE.DRIVER, stepPin: 2, directionPin: 3 });
  io.accelStepperSpeed(0, 500);
  io.accelStepperStep(0, 100, async (position) => {
    found.moved = position;
    await pause(200);
    console.log(JSON.stringify({ ...found, strings }));
    process.exit(0);
  });
});
