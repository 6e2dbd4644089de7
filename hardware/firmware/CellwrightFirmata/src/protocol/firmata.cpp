#include "firmata.h"

#include "../core/clock.h"
#include "../core/health.h"
#include "../io/encoders.h"
#include "../io/hx711.h"
#include "../io/i2c.h"
#include "../io/inputs.h"
#include "../io/outputs.h"
#include "../io/pins.h"
#include "../io/pwm_servo.h"
#include "../motion/homing.h"
#include "../motion/steppers.h"
#include "../safety/stop.h"
#include "messages.h"

constexpr uint8_t PROTOCOL_MAJOR = 2, PROTOCOL_MINOR = 6, MAJOR = 1, MINOR = 0, FEATURES_VERSION = 1;
constexpr uint16_t DEFAULT_INTERVAL_MS = 19;
static const char NAME[] PROGMEM = "CellwrightFirmata";

static uint16_t interval_ms = DEFAULT_INTERVAL_MS;
static uint32_t sampled_ms;

void reset_sampling() { interval_ms = DEFAULT_INTERVAL_MS; }

void sample_if_due()
{
    uint32_t now = uptime_ms();
    if (now - sampled_ms < interval_ms)
        return;
    sampled_ms = now - (now - sampled_ms) % interval_ms;
    report_analog();
    report_encoders();
    report_continuous_reads();
}

// ---- identity and capabilities ----

static void send_version()
{
    send_message(VERSION, PROTOCOL_MAJOR, PROTOCOL_MINOR);
}

static void send_firmware()
{
    begin_reply(FIRMWARE);
    put_byte(MAJOR);
    put_byte(MINOR);
    for (const char* at = NAME; pgm_read_byte(at); at++)
        put_unsigned(pgm_read_byte(at), 2);
    end_reply();
}

void send_identity()
{
    send_version();
    send_firmware();
}

static void send_capabilities()
{
    static const uint8_t MODES[][2] PROGMEM = {
        {INPUT_MODE, 1}, {OUTPUT_MODE, 1}, {PULLUP_MODE, 1}, {ANALOG_MODE, 10},  {PWM_MODE, 8},  // pyFirmata: 1 after 0
        {SERVO_MODE, 14}, {I2C_MODE, 1},   {STEPPER_MODE, 32}, {ENCODER_MODE, 28},
    };
    begin_reply(CAPABILITIES);
    for (uint8_t pin = 0; pin < PINS; pin++) {
        for (const uint8_t* mode : MODES)
            if (supports_mode(pin, pgm_read_byte(mode))) {
                put_byte(pgm_read_byte(mode));
                put_byte(pgm_read_byte(mode + 1));
            }
        put_byte(0x7F);
    }
    end_reply();
}

static void send_analog_mapping()
{
    begin_reply(ANALOG_MAPPING);
    for (uint8_t pin = 0; pin < PINS; pin++)
        put_byte(is_analog(pin) ? pin - FIRST_ANALOG : 0x7F);
    end_reply();
}

static void send_pin_state(uint8_t pin)
{
    begin_reply(PIN_STATE);
    put_byte(pin);
    if (pin < PINS) {
        uint8_t mode = pin_modes[pin];
        put_byte(mode == CONVERTER_MODE ? uint8_t(INPUT_MODE) : mode);
        uint16_t value = mode == PULLUP_MODE;
        if (mode == OUTPUT_MODE)
            value = bool(port_pin_of(pin).pin[2] & port_pin_of(pin).mask);
        else if (mode == PWM_MODE || mode == SERVO_MODE)
            value = read_analog_output(pin);
        put_unsigned(value, value > 0x7F ? 2 : 1);
    }
    end_reply();
}

static void send_features()
{
    static const uint8_t COUNTS[] PROGMEM = {FEATURES_VERSION, CHIP,     DEVICES,    GROUPS,
                                             ENCODERS,         LIMITERS, CONVERTERS, TIMED_INPUTS};
    begin_reply(FEATURES);
    for (const uint8_t& each : COUNTS)
        put_byte(pgm_read_byte(&each));
    put_unsigned(MAX_STEP_RATE_ONE_AXIS, 3);
    put_unsigned(MAX_STEP_RATE_ALL_AXES, 3);
    end_reply();
    begin_own_reports();
}

// ---- pin modes and messages ----

static void change_mode(uint8_t pin, uint8_t mode)
{
    if (pin >= PINS || !supports_mode(pin, mode)) {
        send_pin_error(pin, PSTR("has no such mode"));
        return;
    }
    if (mode == STEPPER_MODE || mode == ENCODER_MODE || mode == pin_modes[pin]) {
        if (mode == OUTPUT_MODE)
            declare_output(pin);
        return;  // these two are set by messages of their own
    }
    if (pin_modes[pin] == I2C_MODE) {
        reset_i2c();
        pin_modes[pin] = INPUT_MODE;
    }
    if (pin_modes[pin] != OUTPUT_MODE && is_in_use(pin)) {
        refuse_pin(pin);
        return;
    }
    if (pin_modes[pin] == OUTPUT_MODE && (stopped || has_limits(pin))) {
        send_pin_error(pin, has_limits(pin) ? IN_USE : PSTR("is kept safe"));
        return;
    }
    release_pwm_servo(pin);
    if (pin_modes[pin] == OUTPUT_MODE)
        release_output(pin);
    switch (mode) {
    case OUTPUT_MODE:
        declare_output(pin);
        break;
    case PWM_MODE:
        declare_pwm(pin);
        break;
    case SERVO_MODE:
        declare_servo(pin);
        break;
    default:
        if (is_digital(pin))
            make_input(pin, mode == PULLUP_MODE);
        pin_modes[pin] = Mode(mode);
    }
}

// The mode of an analog pin starts and ends its reports, as in StandardFirmata.
static void set_pin_mode(uint8_t pin, uint8_t mode)
{
    change_mode(pin, mode);
    if (is_analog(pin) && pin_modes[pin] == mode)
        enable_analog_reporting(pin - FIRST_ANALOG, mode == ANALOG_MODE);
}

// Outputs first: what is said of them must find room. The host gives a level for every pin of the port, so low says
// nothing of an input.
static void write_port(uint8_t port, uint8_t levels)
{
    for (uint8_t n = 0; n < 16; n++) {
        uint8_t pin = 8 * port + (n & 7);
        bool level = levels & 1;
        levels = levels >> 1 | levels << 7;
        if (pin < PINS && (pin_modes[pin] == OUTPUT_MODE ? n < 8 : n >= 8 && level))
            write_output(pin, level);
    }
}

void handle_message(uint8_t command, const uint8_t* data)
{
    uint8_t low = command & 0x0F;
    switch (command < BEGIN_SYSEX ? command & 0xF0 : command) {
    case PORT:
        write_port(low, data[0] | data[1] << 7);
        break;
    case ANALOG:
        write_analog(low, decode_unsigned(data, 2));
        break;
    case REPORT_ANALOG:
        enable_analog_reporting(low, data[0]);
        break;
    case REPORT_PORT:
        enable_port_reporting(low, data[0]);
        break;
    case PIN_MODE:
        set_pin_mode(data[0], data[1]);
        break;
    case SET_PIN:
        if (data[0] < PINS)
            write_output(data[0], data[1]);
        break;
    case VERSION:
        send_version();
        break;
    case SYSTEM_RESET:
        reset_link();
        break;
    }
}

static void write_extended(const uint8_t* data, uint8_t size)
{
    if (size >= 2)
        write_analog(data[0], decode_unsigned(data + 1, size > 2 ? 2 : 1));
}

static void set_servo_range(const uint8_t* data, uint8_t size)
{
    if (size < 5 || !supports_mode(data[0], SERVO_MODE) || is_in_use(data[0]) || (stopped && is_declared(data[0]))) {
        send_pin_error(size ? data[0] : 0, PSTR("cannot be a servo's"));
        return;
    }
    if (pin_modes[data[0]] != SERVO_MODE)
        set_pin_mode(data[0], SERVO_MODE);
    if (pin_modes[data[0]] == SERVO_MODE)
        configure_servo(data[0], decode_unsigned(data + 1, 2), decode_unsigned(data + 3, 2));
}

static void set_interval(const uint8_t* data, uint8_t size)
{
    uint16_t ms = size >= 2 ? decode_unsigned(data, 2) : DEFAULT_INTERVAL_MS;
    interval_ms = ms ? ms : 1;
}

void handle_sysex(uint8_t command, const uint8_t* data, uint8_t size)
{
    switch (command) {
    case FEATURES: send_features(); break;
    case OUTPUT_LIMITS: handle_output(data, size); break;
    case PULSE: handle_pulse(data, size); break;
    case WATCHDOG: handle_watchdog(data, size); break;
    case STOP: handle_stop(data, size); break;
    case STATE: handle_state(data, size); break;
    case HOME: handle_home(data, size); break;
    case CONVERTER: handle_converter(data, size); break;
    case TIMED_INPUT: handle_timed_input(data, size); break;
    case AXES: handle_axes(data, size); break;
    case HEALTH: handle_health(); break;
    case ENCODER: handle_encoder(data, size); break;
    case ACCELSTEPPER: handle_stepper(data, size); break;
    case ANALOG_MAPPING_QUERY: send_analog_mapping(); break;
    case CAPABILITY_QUERY: send_capabilities(); break;
    case PIN_STATE_QUERY: send_pin_state(size ? data[0] : 0x7F); break;
    case EXTENDED_ANALOG: write_extended(data, size); break;
    case SERVO_CONFIG: set_servo_range(data, size); break;
    case STRING: break;  // there is no display
    case I2C_REQUEST: handle_i2c(data, size); break;
    case I2C_CONFIG: configure_i2c(data, size); break;
    case FIRMWARE: send_firmware(); break;
    case SAMPLING_INTERVAL: set_interval(data, size); break;
    default: send_error(PSTR("sysex command is not known"));
    }
}
