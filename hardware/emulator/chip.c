/* An ATmega328P (Uno, Nano) or ATmega2560 (Mega) that goes only as far as its caller says.
 *
 * The caller runs it up to a cycle; it stops there, or at the first thing that it says to the world: a byte that has
 * left its UART, a watched pin that changed. Bytes cross both ways in the time that the line takes, so the caller needs
 * no clock of its own. Links libsimavr (GPLv3), hence for tests only: it is never part of what we distribute.
 *
 * Handles are independent: a process may have any number of chips.
 */
#include "chip.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_watchdog.h>

enum { MILLIVOLTS = 5000, FRAME_BITS = 10, INTERRUPT_PINS = 8 };

/* The longest that the core runs before simavr looks round; its own choice of 1 halves the speed and changes nothing
 * else, as whatever must be noticed sooner ends the stretch (see stop_soon). */
enum { LONGEST_STRETCH = 1000 };

/* Where both chips have their UART, and what tells why they started. */
enum { UCSR0A = 0xc0, UCSR0B = 0xc1, UBRR0L = 0xc4, UBRR0H = 0xc5, U2X0 = 1 << 1, MCUSR = 0x54 };
enum { POWER_ON = 1 << 0, BY_WATCHDOG = 1 << 3 };

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

void tell(struct chip *chip, struct event event)
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

void stop_soon(struct chip *chip)
{
    chip->avr->run_cycle_count = 0;
}

/* simavr says a byte when the firmware hands it over; the host has it when its stop bit is through. */
static void on_byte_handed_over(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    line_put(&chip->from_chip, value, chip->avr->cycle + chip->uart->cycles_per_byte);
    stop_soon(chip);
}

/* simavr counts a parity bit that is not there, and so sends a tenth too slowly. Every firmware writes one of these two
 * registers last before it sends: here its frame is put right, eight bits without parity. */
static void on_uart_control(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct chip *chip = param;
    unsigned low = address == UBRR0L ? value : avr->data[UBRR0L];
    unsigned divider = (low | avr->data[UBRR0H] << 8) + 1;
    unsigned cycles_per_bit = divider * (avr->data[UCSR0A] & U2X0 ? 8 : 16);
    chip->uart->cycles_per_byte = FRAME_BITS * cycles_per_bit;
}

/* ---- making and resetting ---- */

void *find_module(avr_t *avr, const char *kind)
{
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (!strcmp(io->kind, kind))
            return io;
    return NULL;
}

static avr_uart_t *find_uart(avr_t *avr)
{
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (!strcmp(io->kind, "uart") && ((avr_uart_t *)io)->name == '0')
            return (avr_uart_t *)io;
    return NULL;
}

static void listen(struct chip *chip)
{
    uint32_t flags = 0; /* neither print what is sent nor sleep while the firmware polls */
    avr_ioctl(chip->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_register_io_write(chip->avr, UCSR0B, on_uart_control, chip);
    avr_register_io_write(chip->avr, UBRR0L, on_uart_control, chip);
    chip->uart_in = avr_io_getirq(chip->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(
        avr_io_getirq(chip->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_byte_handed_over, chip);
    bus_listen(chip);
    pins_listen(chip);
}

/* What memory holds when power comes: anything. The same anything each time, so that runs are the same. */
static void scramble_memory(avr_t *avr)
{
    uint32_t number = 1;
    for (int address = avr->ioend + 1; address <= avr->ramend; address++) {
        number = number * 1664525 + 1013904223;
        avr->data[address] = number >> 24;
    }
}

/* Starts the firmware anew. cause: as the bits of MCUSR: 1 power-on, 2 the reset button, 4 brown-out, 8 watchdog.
 *
 * The chip lets go of every pin, and what surrounds it stays as it is; so does its memory, but for a power-on. A byte
 * that it was sending is cut off; those on their way to it come, and are lost until the firmware listens. */
void chip_reset(struct chip *chip, int cause)
{
    avr_t *avr = chip->avr;
    uint64_t cycle = avr->cycle;
    uint8_t causes = cause == POWER_ON ? POWER_ON : avr->data[MCUSR] | cause;
    size_t memory_size = avr->ramend - avr->ioend;
    uint8_t *memory = malloc(memory_size);
    memcpy(memory, avr->data + avr->ioend + 1, memory_size);
    avr_watchdog_t *watchdog = find_module(avr, "watchdog");
    watchdog->reset_context.wdrf = cause == BY_WATCHDOG; /* simavr then lets it run on at its shortest, as chips do */
    watchdog->reset_context.avr_run = chip->run;
    avr->run = chip->run;
    avr_reset(avr);
    avr->cycle = cycle;
    avr->state = cpu_Running;
    memcpy(avr->data + avr->ioend + 1, memory, memory_size);
    free(memory);
    if (cause == POWER_ON)
        scramble_memory(avr);
    avr->data[MCUSR] = causes;
    chip->from_chip.first = chip->from_chip.end = 0;
    /* Else an interrupt pin that is low is looked at on every cycle, which is many times slower. */
    for (int number = 0; number < INTERRUPT_PINS; number++)
        avr_extint_set_strict_lvl_trig(avr, number, 0);
    pins_after_reset(chip);
    for (int channel = 0; channel < ADC_CHANNELS; channel++) {
        avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel);
        if (irq)
            avr_raise_irq(irq, chip->millivolts[channel]);
    }
    bus_after_reset(chip);
    sensors_after_reset(chip);
}

void chip_free(struct chip *chip)
{
    avr_terminate(chip->avr);
    free(chip->avr);
    line_free(&chip->to_chip);
    line_free(&chip->from_chip);
    for (int i = 0; i < MOST_AXES; i++)
        free(chip->axes[i].log);
    free(chip->events);
    free(chip);
}

/* A chip just powered, with `size` bytes of flash from address 0 on (no more than it has: the caller's promise), that
 * starts at reset_address. NULL for a chip that simavr does not know. */
struct chip *chip_new(
    const char *mcu, const uint8_t *flash, size_t size, uint32_t reset_address, double host_baud_rate)
{
    avr_global_logger_set(say_nothing);
    avr_t *avr = avr_make_mcu_by_name(mcu);
    if (!avr)
        return NULL;
    struct chip *chip = calloc(1, sizeof *chip);
    chip->avr = avr;
    avr_init(avr);
    avr->log = LOG_NONE;
    avr->frequency = CLOCK_HZ;
    avr->vcc = avr->avcc = avr->aref = MILLIVOLTS; /* or the ADC's answers mean nothing */
    avr->sleep = sleep_in_no_time;
    avr->reset_pc = reset_address;
    chip->run = avr->run;
    chip->uart = find_uart(avr);
    chip->host_cycles_per_byte = FRAME_BITS * CLOCK_HZ / host_baud_rate;
    memcpy(avr->flash, flash, size);
    avr->codeend = avr->flashend;
    listen(chip);
    chip_reset(chip, POWER_ON);
    return chip;
}

/* What the flash holds now; it may have programmed itself. */
void chip_flash(const struct chip *chip, size_t start, size_t length, uint8_t *bytes)
{
    memcpy(bytes, chip->avr->flash + start, length);
}

/* What the chip's memory holds, registers included, by address. */
void chip_memory(const struct chip *chip, size_t start, size_t length, uint8_t *bytes)
{
    memcpy(bytes, chip->avr->data + start, length);
}

/* Changes memory, as a brown-out may. */
void chip_set_memory(struct chip *chip, size_t start, size_t length, const uint8_t *bytes)
{
    memcpy(chip->avr->data + start, bytes, length);
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
    if (avr->run != chip->run) { /* simavr's way to say that the watchdog has bitten */
        tell(chip, (struct event){avr->cycle, EVENT_RESTART, BY_WATCHDOG, 0, 0});
        chip_reset(chip, BY_WATCHDOG);
    }
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

void chip_set_adc(struct chip *chip, int channel, int millivolts)
{
    chip->millivolts[channel] = millivolts;
    avr_raise_irq(avr_io_getirq(chip->avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), millivolts);
}
