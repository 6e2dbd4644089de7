#include "messages.h"

#include "../core/serial.h"
#include "../safety/stop.h"

static uint8_t command;  // of the message that is coming; 0: none
static uint8_t data[LONGEST_SYSEX];
static uint8_t size, wanted;
static bool too_long;

static uint8_t kind_of(uint8_t byte) { return byte < BEGIN_SYSEX ? byte & 0xF0 : byte; }

static uint8_t bytes_wanted(uint8_t byte)
{
    switch (kind_of(byte)) {
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
    return bytes_wanted(byte) || byte == BEGIN_SYSEX || byte == VERSION || byte == SYSTEM_RESET;
}

static void end_sysex()
{
    if (too_long) {
        refuse(PSTR("message longer than 72 bytes"));
        return;
    }
    host_was_heard();
    if (size)
        obey_sysex(data[0], data + 1, size - 1);
}

// A message that another begins in is dropped, as it was cut short.
static void take(uint8_t byte)
{
    if (byte & 0x80) {
        if (byte == END_SYSEX && command == BEGIN_SYSEX)
            end_sysex();
        command = is_known(byte) ? byte : 0;
        size = 0;
        too_long = false;
        wanted = bytes_wanted(byte);
        if (command == VERSION || command == SYSTEM_RESET) {
            host_was_heard();
            obey(command, data);
            command = 0;
        }
        return;
    }
    if (!command)
        return;
    if (size == LONGEST_SYSEX) {
        too_long = true;
        return;
    }
    data[size++] = byte;
    if (wanted && size == wanted) {
        host_was_heard();
        obey(command, data);
        command = 0;
    }
}

void read_host()
{
    for (uint8_t bytes = 0; bytes < 32 && has_byte(); bytes++)
        take(take_byte());
}

uint32_t number(const uint8_t* from, uint8_t bytes)
{
    uint32_t value = 0;
    while (bytes--)
        value = value << 7 | from[bytes];
    return value;
}

int32_t signed_number(const uint8_t* from)
{
    int32_t size = number(from, 4) | uint32_t(from[4] & 0x07) << 28;
    return from[4] & 0x08 ? -size : size;
}

float decimal(const uint8_t* from)
{
    float value = number(from, 3) | uint32_t(from[3] & 0x03) << 21;
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

void put(uint8_t seven_bits) { send_byte(seven_bits & 0x7F); }

void put_number(uint32_t value, uint8_t bytes)
{
    for (; bytes--; value >>= 7)
        put(value);
}

void put_signed(int32_t value)
{
    uint32_t size = value < 0 ? -uint32_t(value) : value;
    put_number(size, 4);
    put((size >> 28 & 0x07) | (value < 0 ? 0x08 : 0));
}

void end_reply() { send_byte(END_SYSEX); }

static void put_letters(PGM_P words)
{
    for (uint8_t letter; (letter = pgm_read_byte(words)); words++)
        put_number(letter, 2);
}

static uint8_t letters(PGM_P words)
{
    uint8_t count = 0;
    while (pgm_read_byte(words++))
        count++;
    return count;
}

void refuse(PGM_P why)
{
    if (room_to_send() < 2 * letters(why) + 3)
        return;
    begin_reply(STRING);
    put_letters(why);
    end_reply();
}

void refuse_pin(uint8_t pin, PGM_P why)
{
    if (room_to_send() < 2 * (letters(why) + 8) + 3)
        return;
    begin_reply(STRING);
    put_letters(PSTR("pin "));
    for (uint8_t unit = pin < 10 ? 1 : pin < 100 ? 10 : 100; unit; unit /= 10)
        put_number('0' + pin / unit % 10, 2);
    put_number(' ', 2);
    put_letters(why);
    end_reply();
}
