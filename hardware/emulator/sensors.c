/* Sensors on the pins of an emulated chip that are too fast for its caller: quadrature encoders and HX711s. */
#include "chip.h"

#include <simavr/sim_cycle_timers.h>

enum { POWER_DOWN_CYCLES = CLOCK_HZ / 1000000 * 60, DATA_BITS = 24, MIN_PULSES = 25, SETTLING_CONVERSIONS = 4 };

/* ---- encoders ---- */

static void set_outputs(struct encoder *encoder)
{
    static const uint8_t a[] = {0, 1, 1, 0}, b[] = {0, 0, 1, 1}; /* a leads as the count goes up */
    hold_pin(encoder->a, a[encoder->count & 3]);
    hold_pin(encoder->b, b[encoder->count & 3]);
}

static avr_cycle_count_t next_edge(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct encoder *encoder = param;
    if (encoder->count == encoder->target)
        return 0;
    encoder->count += encoder->count < encoder->target ? 1 : -1;
    set_outputs(encoder);
    if (encoder->count == encoder->target)
        return 0;
    encoder->next += encoder->cycles_per_edge;
    return (avr_cycle_count_t)encoder->next > when ? (avr_cycle_count_t)encoder->next : when + 1;
}

static void start_turning(struct encoder *encoder)
{
    avr_t *avr = encoder->chip->avr;
    encoder->next = avr->cycle + encoder->cycles_per_edge;
    avr_cycle_timer_register(avr, (avr_cycle_count_t)encoder->cycles_per_edge, next_edge, encoder);
    return_soon(encoder->chip);
}

/* An encoder on two pins, at count 0. Returns its number, or -1 without room. */
int encoder_new(struct chip *chip, int a_port, int a_bit, int b_port, int b_bit)
{
    if (chip->encoder_count == MAX_ENCODERS)
        return -1;
    struct encoder *encoder = &chip->encoders[chip->encoder_count];
    *encoder = (struct encoder){.chip = chip, .a = &chip->pins[a_port][a_bit], .b = &chip->pins[b_port][b_bit]};
    set_outputs(encoder);
    return chip->encoder_count++;
}

/* Turns it to a count, one edge after the other, at so many a second; the first comes after one such interval. */
void encoder_turn(struct chip *chip, int number, int64_t target, double edges_per_s)
{
    struct encoder *encoder = &chip->encoders[number];
    encoder->target = target;
    encoder->cycles_per_edge = CLOCK_HZ / edges_per_s;
    if (encoder->count != target)
        start_turning(encoder);
}

int64_t encoder_count(const struct chip *chip, int number)
{
    return chip->encoders[number].count;
}

/* ---- HX711: AVIA Semiconductor's datasheet, figure 2 and table 3 ---- */

static void schedule_conversion(struct converter *converter, uint64_t cycles);

/* The input is sampled: the caller is asked for the value, which is ready as soon as the caller sets it. */
static avr_cycle_count_t convert(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct converter *converter = param;
    struct chip *chip = converter->chip;
    if (converter->down)
        return 0;
    if (converter->pulses && converter->pulses < MIN_PULSES) /* it is being read: convert after that */
        return when + converter->period / 20;
    converter->awaits_value = 1;
    queue_event(chip, (struct event){avr->cycle, EVENT_CONVERSION, converter - chip->converters, 0, 0});
    return_soon(chip);
    return 0;
}

static avr_cycle_count_t power_down(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct converter *converter = param;
    if (!converter->clock->level)
        return 0;
    converter->down = 1;
    converter->ready = converter->awaits_value = 0;
    hold_pin(converter->data, 1);
    avr_cycle_timer_cancel(avr, convert, converter);
    return 0;
}

static void schedule_conversion(struct converter *converter, uint64_t cycles)
{
    avr_cycle_timer_cancel(converter->chip->avr, convert, converter);
    converter->due = converter->chip->avr->cycle + cycles;
    avr_cycle_timer_register(converter->chip->avr, cycles, convert, converter);
}

static void clock_rises(struct converter *converter, uint64_t cycle)
{
    converter->high_since = cycle;
    avr_cycle_timer_register(converter->chip->avr, POWER_DOWN_CYCLES, power_down, converter);
    if (!converter->ready)
        return;
    converter->pulses++;
    if (converter->pulses <= DATA_BITS)
        hold_pin(converter->data, converter->value >> (DATA_BITS - converter->pulses) & 1);
    else
        hold_pin(converter->data, 1);
}

static void clock_falls(struct converter *converter, uint64_t cycle)
{
    if (cycle - converter->high_since > converter->longest_high)
        converter->longest_high = cycle - converter->high_since;
    avr_cycle_timer_cancel(converter->chip->avr, power_down, converter);
    if (converter->down) { /* it starts as after power-on: gain 128, and some conversions until it has settled */
        converter->down = 0;
        converter->pulses = 0;
        converter->gain = MIN_PULSES;
        schedule_conversion(converter, SETTLING_CONVERSIONS * converter->period);
    } else if (converter->pulses >= MIN_PULSES) {
        converter->gain = converter->pulses;
    }
}

void converter_on_clock(struct converter *converter, int level, uint64_t cycle)
{
    if (level)
        clock_rises(converter, cycle);
    else
        clock_falls(converter, cycle);
}

/* An HX711 on two pins, just powered, that makes so many conversions a second. Returns its number, or -1. */
int converter_new(struct chip *chip, int data_port, int data_bit, int clock_port, int clock_bit, double per_s)
{
    if (chip->converter_count == MAX_CONVERTERS)
        return -1;
    struct converter *converter = &chip->converters[chip->converter_count];
    *converter = (struct converter){.chip = chip, .period = (uint64_t)(CLOCK_HZ / per_s), .gain = MIN_PULSES};
    converter->data = &chip->pins[data_port][data_bit];
    converter->clock = &chip->pins[clock_port][clock_bit];
    converter->clock->clocks = converter;
    hold_pin(converter->data, 1);
    schedule_conversion(converter, SETTLING_CONVERSIONS * converter->period);
    return chip->converter_count++;
}

static void schedule_next_conversion(struct converter *converter)
{
    uint64_t now = converter->chip->avr->cycle;
    uint64_t next = converter->due + converter->period;
    converter->awaits_value = 0;
    schedule_conversion(converter, next > now ? next - now : 1);
    converter->due = next;
}

/* Sets the value of a conversion: the answer to EVENT_CONVERSION. Data goes low: it is ready to be read. */
void converter_give(struct chip *chip, int number, int32_t counts)
{
    struct converter *converter = &chip->converters[number];
    if (!converter->awaits_value)
        return;
    converter->value = (uint32_t)counts & 0xffffff;
    converter->pulses = 0;
    converter->ready = 1;
    hold_pin(converter->data, 0);
    schedule_next_conversion(converter);
    return_soon(chip);
}

/* No value for this conversion: the other answer to EVENT_CONVERSION. Data stays high until a later one. */
void converter_skip(struct chip *chip, int number)
{
    struct converter *converter = &chip->converters[number];
    if (converter->awaits_value)
        schedule_next_conversion(converter);
}

/* How many pulses its last read-out had: 25 is channel A with gain 128, 26 B with 32, 27 A with 64. */
int converter_gain(const struct chip *chip, int number)
{
    return chip->converters[number].gain;
}

uint64_t converter_longest_high(const struct chip *chip, int number)
{
    return chip->converters[number].longest_high;
}

/* simavr drops every timer at a reset; what is outside the chip continues. */
void sensors_after_reset(struct chip *chip)
{
    for (int i = 0; i < chip->encoder_count; i++)
        if (chip->encoders[i].count != chip->encoders[i].target)
            start_turning(&chip->encoders[i]);
    for (int i = 0; i < chip->converter_count; i++) {
        struct converter *converter = &chip->converters[i];
        uint64_t now = chip->avr->cycle;
        if (!converter->down && !converter->awaits_value)
            schedule_conversion(converter, converter->due > now ? converter->due - now : 1);
    }
}
