/* Declarations shared by the files of the emulated chip; each file documents what the caller uses. */
#ifndef CHIP_H
#define CHIP_H

#include <stddef.h>
#include <stdint.h>

#include <simavr/avr_twi.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>

enum { CLOCK_HZ = 16000000, MILLIVOLTS = 5000, PORTS = 12, BITS = 8, ADC_CHANNELS = 16 };
enum { MAX_AXES = 10, MAX_ENCODERS = 8, MAX_CONVERTERS = 4, MAX_TRIP_POINTS = 8, BUS_BUFFER = 64 };

enum {
    EVENT_BYTE = 0,       /* value: a byte that has left the UART */
    EVENT_PIN = 1,        /* value: the new level of a watched pin (port, bit) */
    EVENT_CONVERSION = 2, /* value: number of an HX711 that converts now; answer by converter_give or converter_skip */
    EVENT_BUS_WRITE = 3,  /* value: address on the I2C bus; bus_take gives what was written */
    EVENT_BUS_READ = 4,   /* value: address on the I2C bus that is about to be read; bus_give sets the bytes */
    EVENT_RESTART = 5,    /* value: the cause, as in MCUSR; the chip's own doing (its watchdog) */
};

struct event {
    uint64_t cycle;
    uint8_t kind;
    uint8_t value;
    uint8_t port; /* 0 is A */
    uint8_t bit;
};

/* Bytes in transit in one direction of the line, with the cycle at which each has arrived completely. */
struct line {
    uint8_t *bytes;
    uint64_t *due;
    size_t first, end, room;
    double free_at; /* cycle from which the next byte may start; a fraction, as baud rates seldom divide the clock */
};

struct wiring {
    uint8_t driven; /* bits that are driven from outside, where the chip itself does not drive */
    uint8_t level;
    uint8_t frozen; /* bits whose outside level is fixed */
};

struct chip;
struct axis;
struct converter;

struct pin {
    struct chip *chip;
    uint8_t port, bit, level;
    uint8_t watched;             /* whether its changes are events */
    struct axis *steps, *turns;  /* the axis of which it is the step pin, or the direction pin */
    struct converter *clocks;    /* the HX711 of which it is the clock */
    uint64_t rose, width, period; /* cycle of its last rise; of the last whole pulse and period, cycles */
    uint64_t followed_width;      /* of the last pulse that another one followed; 0: none since the last reset */
};

struct trip_point {
    int64_t at;
    uint8_t port, bit, level; /* level: while the axis is at or below `at` */
};

struct step {
    uint64_t cycle;
    int64_t position;
};

/* What a driver would see at its step and direction pins, in cycles; the minimum of each since it was added. */
struct axis_view {
    int64_t position;
    uint64_t steps, last_step;
    uint64_t min_high, min_low, min_set_up, min_interval;
};

struct axis {
    struct axis_view seen;
    struct pin *step, *dir;
    uint8_t forward, active; /* level of dir that counts up; level of step at which a step is made */
    uint64_t rose, fell, turned;
    struct trip_point trips[MAX_TRIP_POINTS];
    int trip_count;
    struct step *log;
    size_t logged, log_room;
};

struct encoder {
    struct chip *chip;
    struct pin *a, *b;
    int64_t count, target;
    double cycles_per_edge, next; /* cycle of the next edge; a fraction, so that the mean rate is exact */
};

struct converter {
    struct chip *chip;
    struct pin *data, *clock;
    uint64_t period; /* cycles from one conversion to the next */
    uint64_t due;    /* of the next conversion */
    uint64_t high_since, longest_high;
    uint32_t value;
    int pulses, gain; /* of this read-out; of the last whole one: 25 to 27 pulses */
    uint8_t awaits_value, ready, down;
};

struct bus {
    void *module;
    avr_irq_t *in;
    uint8_t answers[128]; /* which addresses answer */
    uint8_t address, writes, awaits_address;
    uint8_t written[BUS_BUFFER], reply[BUS_BUFFER];
    size_t written_count, reply_count, reply_next;
};

struct adc {
    void *module; /* simavr's, and how it reads the low and the high byte of a result */
    avr_io_read_t simavrs[2];
    uint8_t is_ours; /* whether the last conversion was of an analog input, with this result: 0 to 1023 */
    uint16_t result;
};

struct chip {
    avr_t *avr;
    avr_uart_t *uart;
    avr_irq_t *uart_in;
    avr_run_t run; /* simavr's own; it is replaced when the watchdog resets the chip */
    double host_cycles_per_byte;
    struct line to_chip, from_chip;
    struct wiring wiring[PORTS];
    struct pin pins[PORTS][BITS];
    double volts[ADC_CHANNELS]; /* on the analog inputs */
    struct adc adc;
    struct axis axes[MAX_AXES];
    struct encoder encoders[MAX_ENCODERS];
    struct converter converters[MAX_CONVERTERS];
    int axis_count, encoder_count, converter_count;
    struct bus bus;
    struct event *events; /* not yet returned to the caller */
    size_t event_count, event_room;
};

/* chip.c */
void *find_module(avr_t *avr, const char *kind);
void queue_event(struct chip *chip, struct event event);
void return_soon(struct chip *chip); /* makes the core return after the present instruction */

/* pins.c */
int has_far_ports(const struct chip *chip); /* whether it is an ATmega2560 */
void hold_pin(struct pin *pin, int level);
void pins_listen(struct chip *chip);
void pins_after_reset(struct chip *chip);

/* axes.c */
void axis_on_step_pin(struct axis *axis, uint64_t cycle);
void axis_on_dir_pin(struct axis *axis, uint64_t cycle);

/* sensors.c */
void converter_on_clock(struct converter *converter, int level, uint64_t cycle);
void sensors_after_reset(struct chip *chip);

/* adc.c */
void adc_listen(struct chip *chip);

/* bus.c */
void bus_listen(struct chip *chip);
void bus_after_reset(struct chip *chip);

#endif
