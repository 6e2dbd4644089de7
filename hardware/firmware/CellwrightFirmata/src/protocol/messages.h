// Messages: parsing what the host sends, building what the board sends.
#pragma once

#include "../core/chip.h"

enum Command : uint8_t {
    FEATURES = 0x01,
    OUTPUT_LIMITS = 0x02,
    PULSE = 0x03,
    WATCHDOG = 0x04,
    STOP = 0x05,
    STATE = 0x06,
    HOME = 0x07,
    CONVERTER = 0x08,
    TIMED_INPUT = 0x09,
    AXES = 0x0A,
    HEALTH = 0x0B,
    ENCODER = 0x61,
    ACCELSTEPPER = 0x62,
    ANALOG_MAPPING_QUERY = 0x69,
    ANALOG_MAPPING = 0x6A,
    CAPABILITY_QUERY = 0x6B,
    CAPABILITIES = 0x6C,
    PIN_STATE_QUERY = 0x6D,
    PIN_STATE = 0x6E,
    EXTENDED_ANALOG = 0x6F,
    SERVO_CONFIG = 0x70,
    STRING = 0x71,
    I2C_REQUEST = 0x76,
    I2C_REPLY = 0x77,
    I2C_CONFIG = 0x78,
    FIRMWARE = 0x79,
    SAMPLING_INTERVAL = 0x7A,
    PORT = 0x90,
    REPORT_ANALOG = 0xC0,
    REPORT_PORT = 0xD0,
    ANALOG = 0xE0,
    BEGIN_SYSEX = 0xF0,
    PIN_MODE = 0xF4,
    SET_PIN = 0xF5,
    END_SYSEX = 0xF7,
    VERSION = 0xF9,
    SYSTEM_RESET = 0xFF,
};

constexpr uint8_t MAX_SYSEX_BYTES = 72;

void receive_messages();  // handles what has arrived, at most 32 bytes

// The parts above define these; the messages include none of those parts. Data has seven bits a byte.
void handle_message(uint8_t command, const uint8_t* data);
void handle_sysex(uint8_t command, const uint8_t* data, uint8_t size);
void send_identity();
void feed_communication_watchdog();

uint32_t decode_unsigned(const uint8_t* data, uint8_t bytes);
int32_t decode_signed(const uint8_t* data);  // AccelStepper's five bytes: sign and magnitude
float decode_float(const uint8_t* data);     // AccelStepper's four bytes: decimal float

void send_message(uint8_t command, uint8_t first, uint8_t second);
void begin_reply(uint8_t command);
void put_byte(uint8_t seven_bits);
void put_unsigned(uint32_t value, uint8_t bytes);
void put_signed(int32_t value);
void end_reply();

void send_error(PGM_P text);                   // a string of at most 30 letters; dropped where the buffer is full
bool send_pin_error(uint8_t pin, PGM_P text);  // "pin 5 …", text of at most 23 letters; false where dropped
