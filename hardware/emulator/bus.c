/* Devices on the I2C bus of an emulated chip; the caller implements each. */
#include "chip.h"

#include <string.h>

#include <simavr/avr_twi.h>
#include <simavr/sim_cycle_timers.h>

/* Registers of both chips, and status codes. */
enum { TWSR = 0xb9, TWCR = 0xbc, TWBR = 0xb8, PRESCALER = 3 };
enum { TWINT = 1 << 7, TWSTA = 1 << 5, BITS_PER_BYTE = 9 };
enum { BUS_STARTED = 0x08, BUS_STARTED_AGAIN = 0x10, MTX_ADDRESS_ACK = 0x18 };
enum { MTX_DATA_ACK = 0x28, MTX_DATA_NACK = 0x30 };

static void answer(struct chip *chip, uint8_t what, uint8_t data)
{
    avr_raise_irq(chip->bus.in, avr_twi_irq_msg(what, chip->bus.address, data));
}

/* Queues all that was written to a device as one event, at a stop or at the start of another transfer. */
static void send_bus_write(struct chip *chip)
{
    struct bus *bus = &chip->bus;
    if (bus->writes) {
        queue_event(chip, (struct event){chip->avr->cycle, EVENT_BUS_WRITE, bus->address >> 1, 0, 0});
        return_soon(chip);
    }
    bus->writes = 0;
}

static void on_start(struct chip *chip, uint8_t address)
{
    struct bus *bus = &chip->bus;
    send_bus_write(chip);
    bus->address = 0;
    bus->awaits_address = !(address & 1);
    if (!bus->answers[address >> 1])
        return;
    bus->address = address;
    if (address & 1) { /* the caller sets the bytes while the address is on the bus */
        bus->reply_count = bus->reply_next = 0;
        queue_event(chip, (struct event){chip->avr->cycle, EVENT_BUS_READ, address >> 1, 0, 0});
        return_soon(chip);
    } else {
        bus->writes = 1;
        bus->written_count = 0;
    }
    answer(chip, TWI_COND_ACK, 1);
}

static void on_bus(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    struct bus *bus = &chip->bus;
    avr_twi_msg_irq_t message = {.u.v = value};
    if (message.u.twi.msg & TWI_COND_STOP) {
        send_bus_write(chip);
        bus->address = 0;
    }
    if (message.u.twi.msg & TWI_COND_START)
        on_start(chip, message.u.twi.addr);
    if (!bus->address)
        return;
    if (message.u.twi.msg & TWI_COND_WRITE) {
        if (bus->written_count < BUS_BUFFER)
            bus->written[bus->written_count++] = message.u.twi.data;
        answer(chip, TWI_COND_ACK, 1);
    }
    if (message.u.twi.msg & TWI_COND_READ) /* past its bytes a device does not drive the bus: all ones */
        answer(chip, TWI_COND_READ, bus->reply_next < bus->reply_count ? bus->reply[bus->reply_next++] : 0xff);
}

/* simavr 1.6 reports an acknowledged write address as an acknowledged data byte (28, 30 for 18, 20). */
static void on_status(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    if (chip->bus.awaits_address && (value == MTX_DATA_ACK || value == MTX_DATA_NACK))
        chip->avr->data[TWSR] = (chip->avr->data[TWSR] & PRESCALER) | (value - MTX_DATA_ACK + MTX_ADDRESS_ACK);
    if (value != BUS_STARTED && value != BUS_STARTED_AGAIN)
        chip->bus.awaits_address = 0;
}

/* Cycles per bit: the datasheets' formula for SCL. */
static avr_cycle_count_t cycles_per_bit(const avr_t *avr)
{
    return 16 + 2 * (avr_cycle_count_t)avr->data[TWBR] * (1 << 2 * (avr->data[TWSR] & PRESCALER));
}

/* simavr 1.6 takes a microsecond for a bit, and none for an address, whatever the bit rate. Here its pending event is
 * moved to the time that it has on a real bus. */
static void set_bus_timing(struct chip *chip, int bits)
{
    avr_t *avr = chip->avr;
    for (avr_cycle_timer_slot_t *slot = avr->cycle_timers.timer; slot; slot = slot->next)
        if (slot->param == chip->bus.module) {
            avr_cycle_timer_register(avr, bits * cycles_per_bit(avr), slot->timer, slot->param);
            return;
        }
}

/* simavr 1.6 leaves TWINT set when a one is written to clear it, so that firmware that polls it would not wait. */
static void on_control(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    if (!(value & TWINT))
        return;
    avr->data[TWCR] &= ~TWINT;
    set_bus_timing(param, value & TWSTA ? 1 : BITS_PER_BYTE);
}

void bus_listen(struct chip *chip)
{
    avr_register_io_write(chip->avr, TWCR, on_control, chip);
    avr_irq_register_notify(avr_io_getirq(chip->avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_STATUS), on_status, chip);
    chip->bus.module = find_module(chip->avr, "twi");
    chip->bus.in = avr_io_getirq(chip->avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(chip->avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT), on_bus, chip);
}

void bus_after_reset(struct chip *chip)
{
    chip->bus.address = chip->bus.writes = 0;
}

/* Adds a device to the bus, or removes it. */
void bus_put(struct chip *chip, int address, int answers)
{
    chip->bus.answers[address & 127] = answers;
}

/* The bytes of the last EVENT_BUS_WRITE; returns how many, at most BUS_BUFFER. */
size_t bus_take(const struct chip *chip, uint8_t *bytes)
{
    memcpy(bytes, chip->bus.written, chip->bus.written_count);
    return chip->bus.written_count;
}

/* Sets the bytes that a device returns: the answer to EVENT_BUS_READ. */
void bus_give(struct chip *chip, const uint8_t *bytes, size_t count)
{
    struct bus *bus = &chip->bus;
    bus->reply_count = count < BUS_BUFFER ? count : BUS_BUFFER;
    bus->reply_next = 0;
    memcpy(bus->reply, bytes, bus->reply_count);
}
