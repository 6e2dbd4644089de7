/* An ATmega328P (Uno, Nano) or ATmega2560 (Mega) that runs only as far as its caller requests.
 *
 * The caller runs it up to a cycle; it stops there, or at the first event: a byte that has left its UART, a watched pin
 * that changed. Bytes take their time on the line in both directions, so the caller needs no clock of its own. Links
 * libsimavr (GPLv3), hence for tests only: it is never distributed.
 *
 * Handles are independent: a process may have any number of chips.
 */
#include "chip.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_extint.h>
#include <simavr/avr_watchdog.h>

enum { FRAME_BITS = 10, INTERRUPT_PINS = 8 };

/* The most cycles that the core runs before it returns to simavr. simavr's default of 1 halves the speed and changes
 * nothing else, as every event that must be handled sooner ends the run (see return_soon). */
enum { MAX_RUN_CYCLES = 1000 };

/* The UART registers of both chips, and the register with the cause of the reset. */
enum { UCSR0A = 0xc0, UCSR0B = 0xc1, UBRR0L = 0xc4, UBRR0H = 0xc5, U2X0 = 1 << 1, MCUSR = 0x54 };
enum { POWER_ON = 1 << 0, BY_WATCHDOG = 1 << 3 };

/* ---- queues ---- */

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

static int line_has_bytes(const struct line *line)
{
    return line->first != line->end;
}

static int line_arrives(const struct line *line, uint64_t cycle)
{
    return line_has_bytes(line) && line->due[line->first] <= cycle;
}

static void line_free(struct line *line)
{
    free(line->bytes);
    free(line->due);
}

void queue_event(struct chip *chip, struct event event)
{
    if (chip->event_count == chip->event_room) {
        chip->event_room = chip->event_room ? 2 * chip->event_room : 64;
        chip->events = realloc(chip->events, chip->event_room * sizeof *chip->events);
    }
    chip->events[chip->event_count++] = event;
}

/* ---- called by simavr ---- */

static void discard_log(avr_t *avr, const int level, const char *format, va_list arguments)
{
}

/* simavr would sleep in real time while the firmware sleeps; here time is the caller's. */
static void skip_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
}

void return_soon(struct chip *chip)
{
    chip->avr->run_cycle_count = 0;
}

/* simavr reports a byte when the firmware writes it; the host has it after its stop bit. */
static void on_uart_output(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    line_put(&chip->from_chip, value, chip->avr->cycle + chip->uart->cycles_per_byte);
    return_soon(chip);
}

/* simavr counts a parity bit that does not exist, and so sends a tenth too slowly. Every firmware writes one of these
 * two registers last before it sends: here its frame is corrected to eight bits without parity. */
static void on_uart_control(struct avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct chip *chip = param;
    unsigned low = address == UBRR0L ? value : avr->data[UBRR0L];
    unsigned divider = (low | avr->data[UBRR0H] << 8) + 1;
    unsigned cycles_per_bit = divider * (avr->data[UCSR0A] & U2X0 ? 8 : 16);
    chip->uart->cycles_per_byte = FRAME_BITS * cycles_per_bit;
}

/* ---- creation and reset ---- */

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
        avr_io_getirq(chip->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_uart_output, chip);
    bus_listen(chip);
    adc_listen(chip);
    pins_listen(chip);
}

/* At power-on memory holds arbitrary values; the same ones each time, so that runs are reproducible. */
static void scramble_memory(avr_t *avr)
{
    uint32_t number = 1;
    for (int address = avr->ioend + 1; address <= avr->ramend; address++) {
        number = number * 1664525 + 1013904223;
        avr->data[address] = number >> 24;
    }
}

/* Restarts the firmware. cause: as the bits of MCUSR: 1 power-on, 2 the reset button, 4 brown-out, 8 watchdog.
 *
 * The chip releases every pin, and what is wired to it stays as it is; so does its memory, except at power-on. A byte
 * that it was sending is cut off; those in transit to it arrive, and are lost until the firmware is ready. */
void chip_reset(struct chip *chip, int cause)
{
    avr_t *avr = chip->avr;
    uint64_t cycle = avr->cycle;
    uint8_t causes = cause == POWER_ON ? POWER_ON : avr->data[MCUSR] | cause;
    size_t memory_size = avr->ramend - avr->ioend;
    uint8_t *memory = malloc(memory_size);
    memcpy(memory, avr->data + avr->ioend + 1, memory_size);
    avr_watchdog_t *watchdog = find_module(avr, "watchdog");
    watchdog->reset_context.wdrf = cause == BY_WATCHDOG; /* simavr then runs it at its shortest, as chips do */
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
    /* Else an interrupt pin that is low is polled on every cycle, which is many times slower. */
    for (int number = 0; number < INTERRUPT_PINS; number++)
        avr_extint_set_strict_lvl_trig(avr, number, 0);
    pins_after_reset(chip);
    bus_after_reset(chip);
    sensors_after_reset(chip);
}

void chip_free(struct chip *chip)
{
    avr_terminate(chip->avr);
    free(chip->avr);
    line_free(&chip->to_chip);
    line_free(&chip->from_chip);
    for (int i = 0; i < MAX_AXES; i++)
        free(chip->axes[i].log);
    free(chip->events);
    free(chip);
}

/* A chip just powered, with `size` bytes of flash from address 0 on (the caller ensures that they fit), that starts at
 * reset_address. NULL for a chip that simavr does not know. */
struct chip *chip_new(
    const char *mcu, const uint8_t *flash, size_t size, uint32_t reset_address, double host_baud_rate)
{
    avr_global_logger_set(discard_log);
    avr_t *avr = avr_make_mcu_by_name(mcu);
    if (!avr)
        return NULL;
    struct chip *chip = calloc(1, sizeof *chip);
    chip->avr = avr;
    avr_init(avr);
    avr->log = LOG_NONE;
    avr->frequency = CLOCK_HZ;
    avr->vcc = avr->avcc = avr->aref = MILLIVOLTS; /* or the ADC's results are meaningless */
    avr->sleep = skip_sleep;
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

/* The contents of the flash; it may have programmed itself. */
void chip_flash(const struct chip *chip, size_t start, size_t length, uint8_t *bytes)
{
    memcpy(bytes, chip->avr->flash + start, length);
}

/* The contents of the chip's memory, registers included, by address. */
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
 * that does not keep up loses some. simavr's xoff is therefore ignored. */
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

/* simavr delays a received byte by the time of one byte, but here it has already spent that time on the line. (Passed
 * on earlier, a byte would be read early whenever the one before it was still unread.) */
static void receive(struct chip *chip)
{
    avr_cycle_count_t cycles_per_byte = chip->uart->cycles_per_byte;
    chip->uart->cycles_per_byte = 1;
    avr_raise_irq(chip->uart_in, chip->to_chip.bytes[chip->to_chip.first++]);
    chip->uart->cycles_per_byte = cycles_per_byte;
}

static uint64_t earliest(uint64_t cycle, const struct line *line)
{
    return line_has_bytes(line) && line->due[line->first] < cycle ? line->due[line->first] : cycle;
}

static void run_until(struct chip *chip, uint64_t until)
{
    avr_t *avr = chip->avr;
    avr_cycle_count_t run_cycles = until - avr->cycle;
    avr->run_cycle_limit = run_cycles < MAX_RUN_CYCLES ? run_cycles : MAX_RUN_CYCLES;
    if (avr->run_cycle_count > avr->run_cycle_limit)
        avr->run_cycle_count = avr->run_cycle_limit;
    avr_run(avr);
    if (avr->run != chip->run) { /* simavr's sign that the watchdog has reset the chip */
        queue_event(chip, (struct event){avr->cycle, EVENT_RESTART, BY_WATCHDOG, 0, 0});
        chip_reset(chip, BY_WATCHDOG);
    }
}

/* Runs to a cycle (or the end of the instruction in progress there) or to the first event, whichever is sooner,
 * and returns at most `room` events; the rest comes with the next call, before anything is run. Returns
 * their number, or -1 once the firmware has crashed or sleeps with interrupts off. */
int chip_run(struct chip *chip, uint64_t until, struct event *events, int room)
{
    avr_t *avr = chip->avr;
    while (!chip->event_count && avr->cycle < until) {
        if (avr->state == cpu_Done || avr->state == cpu_Crashed)
            return -1;
        run_until(chip, earliest(earliest(until, &chip->to_chip), &chip->from_chip));
        while (line_arrives(&chip->to_chip, avr->cycle))
            receive(chip);
        while (line_arrives(&chip->from_chip, avr->cycle)) {
            size_t first = chip->from_chip.first++;
            uint8_t byte = chip->from_chip.bytes[first];
            queue_event(chip, (struct event){chip->from_chip.due[first], EVENT_BYTE, byte, 0, 0});
        }
    }
    size_t count = chip->event_count < (size_t)room ? chip->event_count : (size_t)room;
    memcpy(events, chip->events, count * sizeof *events);
    chip->event_count -= count;
    memmove(chip->events, chip->events + count, chip->event_count * sizeof *events);
    return count;
}
