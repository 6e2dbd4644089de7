#include "i2c.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "pins.h"

enum Mode7 : uint8_t { WRITE = 0, READ_ONCE = 1, READ_ALWAYS = 2, STOP_READING = 3 };
constexpr uint8_t TEN_BITS = 0x20, MOST_BYTES = 32;
constexpr uint16_t MOST_TICKS = 4000;  // half us that the bus may take for one thing
static const char NOBODY_ANSWERS[] PROGMEM = "I2C: nobody answers";
constexpr uint8_t STARTED = 0x08, STARTED_AGAIN = 0x10, SLAVE_WRITES = 0x18, WRITTEN = 0x28, SLAVE_READS = 0x40;

struct Reading {
    uint8_t address;
    uint16_t reg;  // 0x100: none
    uint8_t count;  // 0: free
};
static Reading readings[CONTINUOUS_READS];
static bool is_on;
static uint16_t wait_us;

static bool can_be_bus(uint8_t pin) { return pin_modes[pin] == I2C_MODE || is_free(pin); }

void configure_i2c(const uint8_t* data, uint8_t size)
{
    if (!can_be_bus(SDA_PIN) || !can_be_bus(SCL_PIN)) {
        send_error(PSTR("the pins of I2C are in use"));
        return;
    }
    wait_us = size >= 2 ? decode_unsigned(data, 2) : 0;
    make_input(SDA_PIN, true);
    make_input(SCL_PIN, true);
    pin_modes[SDA_PIN] = pin_modes[SCL_PIN] = I2C_MODE;
    TWSR = 0;
    TWBR = (F_CPU / 100000 - 16) / 2;
    TWCR = _BV(TWEN);
    is_on = true;
}

static bool wait_for_bus()
{
    for (uint16_t from = timer_ticks(); !(TWCR & _BV(TWINT)); busy_wait())
        if (uint16_t(timer_ticks() - from) > MOST_TICKS)
            return false;
    return true;
}

static uint8_t begin()
{
    TWCR = _BV(TWINT) | _BV(TWSTA) | _BV(TWEN);
    return wait_for_bus() ? TWSR & 0xF8 : 0;
}

static uint8_t send(uint8_t byte)
{
    TWDR = byte;
    TWCR = _BV(TWINT) | _BV(TWEN);
    return wait_for_bus() ? TWSR & 0xF8 : 0;
}

static void end()
{
    TWCR = _BV(TWINT) | _BV(TWSTO) | _BV(TWEN);
    for (uint16_t from = timer_ticks(); TWCR & _BV(TWSTO); busy_wait())
        if (uint16_t(timer_ticks() - from) > MOST_TICKS) {
            TWCR = 0;  // a bus that somebody holds down: let go
            TWCR = _BV(TWEN);
            return;
        }
}

static bool open(uint8_t address, bool reading)
{
    uint8_t status = begin();
    if (status != STARTED && status != STARTED_AGAIN)
        return false;
    return send(address << 1 | reading) == (reading ? SLAVE_READS : SLAVE_WRITES);
}

static void read_and_tell(const Reading& reading)
{
    bool there = true;
    if (reading.reg < 0x100) {
        there = open(reading.address, false) && send(reading.reg) == WRITTEN;
        end();
        for (uint16_t from = timer_ticks(); uint16_t(timer_ticks() - from) / TICKS_PER_US < wait_us;)
            busy_wait();
    }
    begin_reply(I2C_REPLY);
    put_unsigned(reading.address, 2);
    put_unsigned(reading.reg < 0x100 ? reading.reg : 0, 2);
    uint8_t got = 0;
    if (there && open(reading.address, true))
        for (; got < reading.count; got++) {
            TWCR = _BV(TWINT) | _BV(TWEN) | (got + 1 < reading.count ? _BV(TWEA) : 0);
            if (!wait_for_bus())
                break;
            put_unsigned(TWDR, 2);
        }
    end();
    end_reply();
    if (got < reading.count)
        send_error(got ? PSTR("I2C: too few bytes") : NOBODY_ANSWERS);
}

static void write(uint8_t address, const uint8_t* data, uint8_t size)
{
    bool there = open(address, false);
    for (uint8_t at = 0; there && at + 1 < size; at += 2)
        there = send(decode_unsigned(data + at, 2)) == WRITTEN;
    end();
    if (!there)
        send_error(NOBODY_ANSWERS);
}

void handle_i2c(const uint8_t* data, uint8_t size)
{
    if (!is_on || size < 2 || (data[1] & TEN_BITS)) {
        send_error(!is_on ? PSTR("I2C is not configured") : PSTR("I2C message is not known"));
        return;
    }
    uint8_t address = data[0], mode = data[1] >> 3 & 3;
    if (mode == WRITE) {
        write(address, data + 2, size - 2);
        return;
    }
    if (mode == STOP_READING) {
        for (Reading& reading : readings)
            if (reading.address == address)
                reading.count = 0;
        return;
    }
    Reading reading = {address, 0x100, 0};
    if (size >= 6) {
        reading.reg = decode_unsigned(data + 2, 2) & 0xFF;
        reading.count = decode_unsigned(data + 4, 2) & 0xFF;
    } else if (size >= 4) {
        reading.count = decode_unsigned(data + 2, 2) & 0xFF;
    }
    if (reading.count < 1 || reading.count > MOST_BYTES) {
        send_error(PSTR("I2C reads 1 to 32 bytes"));
        return;
    }
    if (mode == READ_ONCE) {
        read_and_tell(reading);
        return;
    }
    for (Reading& free : readings)
        if (!free.count) {
            free = reading;
            return;
        }
    send_error(PSTR("no room for another reading"));
}

void report_readings()
{
    for (const Reading& reading : readings)
        if (reading.count)
            read_and_tell(reading);
}

void reset_i2c()
{
    for (Reading& reading : readings)
        reading.count = 0;
    if (is_on)
        TWCR = 0;
    is_on = false;
}
