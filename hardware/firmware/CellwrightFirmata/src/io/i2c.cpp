#include "i2c.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "pins.h"

enum I2cMode : uint8_t { WRITE = 0, READ_ONCE = 1, READ_ALWAYS = 2, STOP_READING = 3 };
constexpr uint8_t TEN_BIT_ADDRESS = 0x20, MAX_READ_BYTES = 32;
constexpr uint16_t BUS_TIMEOUT_TICKS = 4000;  // for one bus operation
static const char NO_ACKNOWLEDGE[] PROGMEM = "I2C: nobody answers";
// Status codes of the two-wire interface.
constexpr uint8_t START_SENT = 0x08, REPEATED_START_SENT = 0x10;
constexpr uint8_t ADDRESS_WRITE_ACK = 0x18, DATA_WRITE_ACK = 0x28, ADDRESS_READ_ACK = 0x40;

struct ReadRequest {
    uint8_t address;
    uint16_t reg;   // 0x100: no register
    uint8_t count;  // 0: unused
};
static ReadRequest continuous_reads[CONTINUOUS_READS];
static bool is_enabled;
static uint16_t read_delay_us;

static bool can_be_bus_pin(uint8_t pin) { return pin_modes[pin] == I2C_MODE || is_free(pin); }

void configure_i2c(const uint8_t* data, uint8_t size)
{
    if (!can_be_bus_pin(SDA_PIN) || !can_be_bus_pin(SCL_PIN)) {
        send_error(PSTR("the pins of I2C are in use"));
        return;
    }
    read_delay_us = size >= 2 ? decode_unsigned(data, 2) : 0;
    make_input(SDA_PIN, true);
    make_input(SCL_PIN, true);
    pin_modes[SDA_PIN] = pin_modes[SCL_PIN] = I2C_MODE;
    TWSR = 0;
    TWBR = (F_CPU / 100000 - 16) / 2;
    TWCR = _BV(TWEN);
    is_enabled = true;
}

static bool wait_for_bus()
{
    for (uint16_t started = timer_ticks(); !(TWCR & _BV(TWINT)); busy_wait())
        if (uint16_t(timer_ticks() - started) > BUS_TIMEOUT_TICKS)
            return false;
    return true;
}

static uint8_t bus_start()
{
    TWCR = _BV(TWINT) | _BV(TWSTA) | _BV(TWEN);
    return wait_for_bus() ? TWSR & 0xF8 : 0;
}

static uint8_t bus_write(uint8_t byte)
{
    TWDR = byte;
    TWCR = _BV(TWINT) | _BV(TWEN);
    return wait_for_bus() ? TWSR & 0xF8 : 0;
}

static void bus_stop()
{
    TWCR = _BV(TWINT) | _BV(TWSTO) | _BV(TWEN);
    for (uint16_t started = timer_ticks(); TWCR & _BV(TWSTO); busy_wait())
        if (uint16_t(timer_ticks() - started) > BUS_TIMEOUT_TICKS) {
            TWCR = 0;  // a device holds the bus: reset the interface
            TWCR = _BV(TWEN);
            return;
        }
}

static bool bus_address(uint8_t address, bool reading)
{
    uint8_t status = bus_start();
    if (status != START_SENT && status != REPEATED_START_SENT)
        return false;
    return bus_write(address << 1 | reading) == (reading ? ADDRESS_READ_ACK : ADDRESS_WRITE_ACK);
}

static void read_and_report(const ReadRequest& reading)
{
    bool acknowledged = true;
    if (reading.reg < 0x100) {
        acknowledged = bus_address(reading.address, false) && bus_write(reading.reg) == DATA_WRITE_ACK;
        bus_stop();
        for (uint16_t started = timer_ticks(); uint16_t(timer_ticks() - started) / TICKS_PER_US < read_delay_us;)
            busy_wait();
    }
    begin_reply(I2C_REPLY);
    put_unsigned(reading.address, 2);
    put_unsigned(reading.reg < 0x100 ? reading.reg : 0, 2);
    uint8_t received = 0;
    if (acknowledged && bus_address(reading.address, true))
        for (; received < reading.count; received++) {
            TWCR = _BV(TWINT) | _BV(TWEN) | (received + 1 < reading.count ? _BV(TWEA) : 0);
            if (!wait_for_bus())
                break;
            put_unsigned(TWDR, 2);
        }
    bus_stop();
    end_reply();
    if (received < reading.count)
        send_error(received ? PSTR("I2C: too few bytes") : NO_ACKNOWLEDGE);
}

static void write(uint8_t address, const uint8_t* data, uint8_t size)
{
    bool acknowledged = bus_address(address, false);
    for (uint8_t at = 0; acknowledged && at + 1 < size; at += 2)
        acknowledged = bus_write(decode_unsigned(data + at, 2)) == DATA_WRITE_ACK;
    bus_stop();
    if (!acknowledged)
        send_error(NO_ACKNOWLEDGE);
}

void handle_i2c(const uint8_t* data, uint8_t size)
{
    if (!is_enabled || size < 2 || (data[1] & TEN_BIT_ADDRESS)) {
        send_error(!is_enabled ? PSTR("I2C is not configured") : PSTR("I2C message is not known"));
        return;
    }
    uint8_t address = data[0], mode = data[1] >> 3 & 3;
    if (mode == WRITE) {
        write(address, data + 2, size - 2);
        return;
    }
    if (mode == STOP_READING) {
        for (ReadRequest& reading : continuous_reads)
            if (reading.address == address)
                reading.count = 0;
        return;
    }
    ReadRequest reading = {address, 0x100, 0};
    if (size >= 6) {
        reading.reg = decode_unsigned(data + 2, 2) & 0xFF;
        reading.count = decode_unsigned(data + 4, 2) & 0xFF;
    } else if (size >= 4) {
        reading.count = decode_unsigned(data + 2, 2) & 0xFF;
    }
    if (reading.count < 1 || reading.count > MAX_READ_BYTES) {
        send_error(PSTR("I2C reads 1 to 32 bytes"));
        return;
    }
    if (mode == READ_ONCE) {
        read_and_report(reading);
        return;
    }
    for (ReadRequest& slot : continuous_reads)
        if (!slot.count) {
            slot = reading;
            return;
        }
    send_error(PSTR("no room for another reading"));
}

void report_continuous_reads()
{
    for (const ReadRequest& reading : continuous_reads)
        if (reading.count)
            read_and_report(reading);
}

void reset_i2c()
{
    for (ReadRequest& reading : continuous_reads)
        reading.count = 0;
    if (is_enabled)
        TWCR = 0;
    is_enabled = false;
}
