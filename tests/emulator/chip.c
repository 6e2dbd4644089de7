/* An ATmega328P (Uno, Nano) that goes only as far as its caller says.
 *
 * The caller runs it up to a cycle; it stops there, or at the first thing that it says to the world: a byte that has
 * left its UART, a pin that changed. Bytes cross both ways in the time that the line takes, so the caller needs no
 * clock of its own. Links libsimavr (GPLv3), hence for tests only: it is never part of what we distribute.
 *
 * Handles are independent: a process may have any number of chips.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>

enum { CLOCK_HZ = 16000000, MILLIVOLTS = 5000, FRAME_BITS = 10, PORTS = 3, BITS = 8, ADC_CHANNELS = 8 };
enum { EVENT_BYTE = 0, EVENT_PIN = 1 };

/* The longest that the core runs before simavr looks round; its own choice of 1 halves the speed and changes nothing
 * else, as whatever must be noticed sooner ends the stretch (see stop_soon). */
enum { LONGEST_STRETCH = 1000 };

/* Of the ATmega328P: PINB, DDRB, PORTB, PINC and so on follow each other, and the UART's registers. */
enum { PINB = 0x23, DDRB = 0x24, REGISTERS_PER_PORT = 3, UCSR0A = 0xc0, UCSR0B = 0xc1, UBRR0L = 0xc4, UBRR0H = 0xc5 };
enum { U2X0 = 1 << 1 };

struct event {
    uint64_t cycle;
    uint8_t kind;  /* EVENT_BYTE or EVENT_PIN */
    uint8_t value; /* the byte, or the level */
    uint8_t port;  /* 0 is B */
    uint8_t bit;
};

/* Bytes on their way along one direction of the line, with the cycle at which each will have arrived whole. */
struct line {
    uint8_t *bytes;
    uint64_t *due;
    size_t first, end, room;
    double free_at; /* cycle from which the next byte may start; a fraction, as baud rates seldom divide the clock */
};

struct wiring {
    uint8_t driven; /* bits at which something outside holds the pin, where the chip itself does not */
    uint8_t level;
};

struct chip;

struct pin {
    struct chip *chip;
    uint8_t port, bit, level;
};

struct chip {
    avr_t *avr;
    avr_uart_t *uart;
    avr_irq_t *uart_in;
    double host_cycles_per_byte;
    struct line to_chip, from_chip;
    struct wiring wiring[PORTS];
    struct pin pins[PORTS][BITS];
    uint32_t millivolts[ADC_CHANNELS];
    struct event *events; /* not yet taken by the caller */
    size_t event_count, event_room;
};

/* ---- what is kept until it is taken ---- */

static void line_put(struct line *line, uint8_t byte, uint64_t due)
{
    if (line->end == line->room) {
        if (line->first > line->room / 2) {
            size_t waiting = line->end - line->first;
            memmove(line->bytes, line->bytes + line->first, waiting);
            memmove(line->due, line->due + line->first, waiting * sizeof *line->due);
            line->first = 0;
            line->end = waiting;
        } else {
            line->room = line->room ? 2 * line->room : 256;
            line->bytes = realloc(line->bytes, line->room);
            line->due = realloc(line->due, line->room * sizeof *line->due);
        }
    }
    line->bytes[line->end] = byte;
    line->due[line->end++] = due;
}

static int line_waits(const struct line *line)
{
    return line->first != line->end;
}

static int line_arrives(const struct line *line, uint64_t cycle)
{
    return line_waits(line) && line->due[line->first] <= cycle;
}

static void line_free(struct line *line)
{
    free(line->bytes);
    free(line->due);
}

static void tell(struct chip *chip, struct event event)
{
    if (chip->event_count == chip->event_room) {
        chip->event_room = chip->event_room ? 2 * chip->event_room : 64;
        chip->events = realloc(chip->events, chip->event_room * sizeof *chip->events);
    }
    chip->events[chip->event_count++] = event;
}

/* ---- what simavr calls ---- */

static void say_nothing(avr_t *avr, const int level, const char *format, va_list arguments)
{
}

/* simavr would really sleep while the firmware does; here its time is the caller's. */
static void sleep_in_no_time(avr_t *avr, avr_cycle_count_t cycles)
{
}

/* Makes the core return after the instruction that it is in. */
static void stop_soon(struct chip *chip)
{
    chip->avr->run_cycle_count = 0;
}

static void on_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct pin *pin = param;
    uint8_t level = value & 1;
    if (pin->level == level)
        return;
    pin->level = level;
    tell(pin->chip, (struct event){pin->chip->avr->cycle, EVENT_PIN, level, pin->port, pin->bit});
    stop_soon(pin->chip);
}

/* simavr says a byte when the firmware hands it over; the host has it when its stop bit is through. */
static void on_byte_handed_over(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    line_put(&chip->from_chip, value, chip->avr->cycle + chip->uart->cycles_per_byte);
    stop_soon(chip);
}

/* simavr counts a parity bit that is not there, and so sends a tenth too slowly. Every firmware writes this register
 * after it has set its baud rate and before it sends: here its frame is put right, eight bits without parity. */
static void on_uart_control(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct chip *chip = param;
    unsigned divider = (avr->data[UBRR0L] | avr->data[UBRR0H] << 8) + 1;
    unsigned cycles_per_bit = divider * (avr->data[UCSR0A] & U2X0 ? 8 : 16);
    chip->uart->cycles_per_byte = FRAME_BITS * cycles_per_bit;
}

/* ---- making and resetting ---- */

static avr_uart_t *find_uart(avr_t *avr)
{
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (!strcmp(io->kind, "uart"))
            return (avr_uart_t *)io;
    return NULL;
}

static avr_irq_t *pin_irq(struct chip *chip, int port, int bit)
{
    return avr_io_getirq(chip->avr, AVR_IOCTL_IOPORT_GETIRQ('B' + port), bit);
}

static void listen(struct chip *chip)
{
    uint32_t flags = 0; /* neither print what is sent nor sleep while the firmware polls */
    avr_ioctl(chip->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_register_io_write(chip->avr, UCSR0B, on_uart_control, chip);
    chip->uart_in = avr_io_getirq(chip->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(
        avr_io_getirq(chip->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_byte_handed_over, chip);
    for (int port = 0; port < PORTS; port++)
        for (int bit = 0; bit < BITS; bit++) {
            chip->pins[port][bit] = (struct pin){chip, port, bit, 0};
            avr_irq_t *irq = pin_irq(chip, port, bit);
            if (irq)
                avr_irq_register_notify(irq, on_pin, &chip->pins[port][bit]);
        }
}

/* As the reset button does: the chip lets go of every pin, and what surrounds it stays as it is. A byte that it was
 * sending is cut off; those on their way to it come, and are lost until the firmware listens. */
void chip_reset(struct chip *chip)
{
    avr_t *avr = chip->avr;
    uint64_t cycle = avr->cycle;
    avr_reset(avr);
    avr->cycle = cycle;
    avr->state = cpu_Running;
    chip->from_chip.first = chip->from_chip.end = 0;
    /* Else an interrupt pin that is low is looked at on every cycle, which is many times slower. */
    for (int number = 0; number < 2; number++)
        avr_extint_set_strict_lvl_trig(avr, number, 0);
    /* simavr clears its registers and tells nobody: say what each pin is now, and what the firmware will read. */
    for (int port = 0; port < PORTS; port++) {
        uint8_t levels = chip->wiring[port].driven & chip->wiring[port].level;
        for (int bit = 0; bit < BITS; bit++) {
            avr_irq_t *irq = pin_irq(chip, port, bit);
            if (irq)
                avr_raise_irq(irq, levels >> bit & 1);
        }
        avr->data[PINB + REGISTERS_PER_PORT * port] = levels;
    }
    for (int channel = 0; channel < ADC_CHANNELS; channel++)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), chip->millivolts[channel]);
}

void chip_free(struct chip *chip)
{
    avr_terminate(chip->avr);
    free(chip->avr);
    line_free(&chip->to_chip);
    line_free(&chip->from_chip);
    free(chip->events);
    free(chip);
}

/* A chip just powered, with firmware from address 0 on; at most 32 KiB of it, the caller's promise. */
struct chip *chip_new(const uint8_t *firmware, size_t size, double host_baud_rate)
{
    avr_global_logger_set(say_nothing);
    struct chip *chip = calloc(1, sizeof *chip);
    avr_t *avr = chip->avr = avr_make_mcu_by_name("atmega328p");
    avr_init(avr);
    avr->log = LOG_NONE;
    avr->frequency = CLOCK_HZ;
    avr->vcc = avr->avcc = avr->aref = MILLIVOLTS; /* or the ADC's answers mean nothing */
    avr->sleep = sleep_in_no_time;
    chip->uart = find_uart(avr);
    chip->host_cycles_per_byte = FRAME_BITS * CLOCK_HZ / host_baud_rate;
    memcpy(avr->flash, firmware, size);
    avr->codeend = avr->flashend;
    listen(chip);
    chip_reset(chip);
    return chip;
}

/* ---- running ---- */

uint64_t chip_cycle(const struct chip *chip)
{
    return chip->avr->cycle;
}

/* The host's bytes go one after the other at its baud rate, with no handshake, as on the board's own line: firmware
 * that does not keep up loses some. simavr's xoff is therefore left alone. */
void chip_feed(struct chip *chip, const uint8_t *bytes, size_t count)
{
    struct line *line = &chip->to_chip;
    if (line->free_at < chip->avr->cycle)
        line->free_at = chip->avr->cycle;
    for (size_t i = 0; i < count; i++) {
        line->free_at += chip->host_cycles_per_byte;
        line_put(line, bytes[i], (uint64_t)line->free_at);
    }
}

/* simavr waits a byte's time from being given a byte until the firmware may see it, but ours has already spent that
 * time on the line. (Given earlier, a byte would be read early whenever the one before it was still unread.) */
static void receive(struct chip *chip)
{
    avr_cycle_count_t cycles_per_byte = chip->uart->cycles_per_byte;
    chip->uart->cycles_per_byte = 1;
    avr_raise_irq(chip->uart_in, chip->to_chip.bytes[chip->to_chip.first++]);
    chip->uart->cycles_per_byte = cycles_per_byte;
}

static uint64_t soonest(uint64_t cycle, const struct line *line)
{
    return line_waits(line) && line->due[line->first] < cycle ? line->due[line->first] : cycle;
}

static void run_stretch(struct chip *chip, uint64_t until)
{
    avr_t *avr = chip->avr;
    avr_cycle_count_t stretch = until - avr->cycle;
    avr->run_cycle_limit = stretch < LONGEST_STRETCH ? stretch : LONGEST_STRETCH;
    if (avr->run_cycle_count > avr->run_cycle_limit)
        avr->run_cycle_count = avr->run_cycle_limit;
    avr_run(avr);
}

/* Runs to a cycle (or the end of the instruction that is under way there) or to the first event, whichever is sooner,
 * and gives the events. Gives at most `room`; what is left comes with the next call, before anything is run.
 * Returns how many it gave, or -1 once the firmware has crashed or sleeps with interrupts off. */
int chip_run(struct chip *chip, uint64_t until, struct event *events, int room)
{
    avr_t *avr = chip->avr;
    while (!chip->event_count && avr->cycle < until) {
        if (avr->state == cpu_Done || avr->state == cpu_Crashed)
            return -1;
        run_stretch(chip, soonest(soonest(until, &chip->to_chip), &chip->from_chip));
        while (line_arrives(&chip->to_chip, avr->cycle))
            receive(chip);
        while (line_arrives(&chip->from_chip, avr->cycle)) {
            size_t first = chip->from_chip.first++;
            tell(chip, (struct event){chip->from_chip.due[first], EVENT_BYTE, chip->from_chip.bytes[first], 0, 0});
        }
    }
    size_t given = chip->event_count < (size_t)room ? chip->event_count : (size_t)room;
    memcpy(events, chip->events, given * sizeof *events);
    chip->event_count -= given;
    memmove(chip->events, chip->events + given, chip->event_count * sizeof *events);
    return given;
}

/* ---- the world round it ---- */

/* Holds a pin at a level from outside. A pin that the chip drives stays as the chip wants it, and takes this level when
 * the chip lets go: so it stands for a pull-up or a pull-down too. */
void chip_set_input(struct chip *chip, int port, int bit, int level)
{
    struct wiring *wiring = &chip->wiring[port];
    wiring->driven |= 1 << bit;
    wiring->level = (wiring->level & ~(1 << bit)) | !!level << bit;
    avr_ioport_external_t external = {.name = 'B' + port, .mask = wiring->driven, .value = wiring->level};
    avr_ioctl(chip->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('B' + port), &external);
    /* That tells simavr what the pin is when next it looks; raising the pin's line makes it look now. */
    uint8_t chip_drives = chip->avr->data[DDRB + REGISTERS_PER_PORT * port];
    if (!(chip_drives >> bit & 1))
        avr_raise_irq(pin_irq(chip, port, bit), !!level);
}

void chip_set_adc(struct chip *chip, int channel, int millivolts)
{
    chip->millivolts[channel] = millivolts;
    avr_raise_irq(avr_io_getirq(chip->avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), millivolts);
}

/* The level on a pin. One that nobody holds keeps the level that it last had. */
int chip_pin_level(const struct chip *chip, int port, int bit)
{
    return chip->pins[port][bit].level;
}
