#include "messages.h"

#include "../core/serial.h"

static uint8_t command;  // of the message being received; 0: none
static uint8_t data[MAX_SYSEX_BYTES];
static uint8_t size, expected;
static bool too_long;

static uint8_t message_kind(uint8_t byte) { return byte < BEGIN_SYSEX ? byte & 0xF0 : byte; }

static uint8_t data_bytes(uint8_t byte)
{
    switch (message_kind(byte)) {
    case ANALOG:
    case PORT:
    case PIN_MODE:
    case SET_PIN:
        return 2;
    case REPORT_ANALOG:
    case REPORT_PORT:
        return 1;
    default:
        return 0;
    }
}

static bool is_known(uint8_t byte)
{
    return data_bytes(byte) || byte == BEGIN_SYSEX || byte == VERSION || byte == SYSTEM_RESET;
}

static void end_sysex()
{
    if (too_long) {
        send_error(PSTR("message longer than 72 bytes"));
        return;
    }
    feed_communication_watchdog();
    if (size)
        handle_sysex(data[0], data + 1, size - 1);
}

// A message that is not complete when another begins is dropped.
static void parse_byte(uint8_t byte)
{
    if (byte & 0x80) {
        if (byte == END_SYSEX && command == BEGIN_SYSEX)
            end_sysex();
        command = is_known(byte) ? byte : 0;
        size = 0;
        too_long = false;
        expected = data_bytes(byte);
        if (command == VERSION || command == SYSTEM_RESET) {
            feed_communication_watchdog();
            handle_message(command, data);
            command = 0;
        }
        return;
    }
    if (!command)
        return;
    if (size == MAX_SYSEX_BYTES) {
        too_long = true;
        return;
    }
    data[size++] = byte;
    if (expected && size == expected) {
        feed_communication_watchdog();
        handle_message(command, data);
        command = 0;
    }
}

void receive_messages()
{
    for (uint8_t bytes = 0; bytes < 32 && is_byte_available(); bytes++)
        parse_byte(read_byte());
}

uint32_t decode_unsigned(const uint8_t* from, uint8_t bytes)
{
    uint32_t value = 0;
    while (bytes--)
        value = value << 7 | from[bytes];
    return value;
}

int32_t decode_signed(const uint8_t* from)
{
    int32_t size = decode_unsigned(from, 4) | uint32_t(from[4] & 0x07) << 28;
    return from[4] & 0x08 ? -size : size;
}

float decode_float(const uint8_t* from)
{
    float value = decode_unsigned(from, 3) | uint32_t(from[3] & 0x03) << 21;
    for (int8_t exponent = (from[3] >> 2 & 0x0F) - 11; exponent; exponent += exponent < 0 ? 1 : -1)
        value = exponent < 0 ? value / 10 : value * 10;
    return from[3] & 0x40 ? -value : value;
}

void send_message(uint8_t kind, uint8_t first, uint8_t second)
{
    send_byte(kind);
    send_byte(first);
    send_byte(second);
}

void begin_reply(uint8_t kind)
{
    send_byte(BEGIN_SYSEX);
    send_byte(kind);
}

void put_byte(uint8_t seven_bits) { send_byte(seven_bits & 0x7F); }

void put_unsigned(uint32_t value, uint8_t bytes)
{
    for (; bytes--; value >>= 7)
        put_byte(value);
}

void put_signed(int32_t value)
{
    uint32_t size = value < 0 ? -uint32_t(value) : value;
    put_unsigned(size, 4);
    put_byte((size >> 28 & 0x07) | (value < 0 ? 0x08 : 0));
}

void end_reply() { send_byte(END_SYSEX); }

static void put_text(PGM_P text)
{
    for (uint8_t character; (character = pgm_read_byte(text)); text++)
        put_unsigned(character, 2);
}

static uint8_t text_length(PGM_P text)
{
    uint8_t count = 0;
    while (pgm_read_byte(text++))
        count++;
    return count;
}

void send_error(PGM_P text)
{
    if (tx_space() < 2 * text_length(text) + 3)
        return;
    begin_reply(STRING);
    put_text(text);
    end_reply();
}

bool send_pin_error(uint8_t pin, PGM_P text)
{
    if (tx_space() < 2 * (text_length(text) + 8) + 3)
        return false;
    begin_reply(STRING);
    put_text(PSTR("pin "));
    for (uint8_t unit = pin < 10 ? 1 : pin < 100 ? 10 : 100; unit; unit /= 10)
        put_unsigned('0' + pin / unit % 10, 2);
    put_unsigned(' ', 2);
    put_text(text);
    end_reply();
    return true;
}
