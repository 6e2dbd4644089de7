/* The pins of an emulated chip: what drives them, and what is notified of changes. */
#include "chip.h"

#include <simavr/avr_ioport.h>

/* The port registers of both chips; PIN, DDR and PORT of each follow each other. There is no port I. */
enum { PINA = 0x20, PINH = 0x100, PORT_H = 7, REGISTERS_PER_PORT = 3 };

/* The longest time from one pulse of a servo to the next, in cycles: firmware sends one every 20 ms. */
enum { MAX_SERVO_FRAME = CLOCK_HZ / 25 };

static avr_irq_t *pin_irq(struct chip *chip, int port, int bit)
{
    return avr_io_getirq(chip->avr, AVR_IOCTL_IOPORT_GETIRQ('A' + port), bit);
}

static int has_port(struct chip *chip, int port)
{
    return pin_irq(chip, port, 0) != NULL;
}

int has_far_ports(const struct chip *chip)
{
    return avr_io_getirq(chip->avr, AVR_IOCTL_IOPORT_GETIRQ('H'), 0) != NULL;
}

static uint8_t *port_registers(struct chip *chip, int port)
{
    int far = port - PORT_H - (port > PORT_H);
    return &chip->avr->data[port < PORT_H ? PINA + REGISTERS_PER_PORT * port : PINH + REGISTERS_PER_PORT * far];
}

static void measure(struct pin *pin, uint64_t cycle)
{
    if (!pin->level) {
        pin->width = cycle - pin->rose;
        return;
    }
    pin->period = cycle - pin->rose;
    pin->rose = cycle;
    if (pin->period <= MAX_SERVO_FRAME)
        pin->followed_width = pin->width;
}

static void on_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct pin *pin = param;
    struct chip *chip = pin->chip;
    uint64_t cycle = chip->avr->cycle;
    uint8_t level = value & 1;
    if (pin->level == level)
        return;
    pin->level = level;
    measure(pin, cycle);
    if (pin->steps)
        axis_on_step_pin(pin->steps, cycle);
    if (pin->turns)
        axis_on_dir_pin(pin->turns, cycle);
    if (pin->clocks)
        converter_on_clock(pin->clocks, level, cycle);
    if (pin->watched) {
        queue_event(chip, (struct event){cycle, EVENT_PIN, level, pin->port, pin->bit});
        return_soon(chip);
    }
}

void pins_listen(struct chip *chip)
{
    for (int port = 0; port < PORTS; port++)
        for (int bit = 0; bit < BITS; bit++) {
            chip->pins[port][bit] = (struct pin){.chip = chip, .port = port, .bit = bit};
            if (has_port(chip, port))
                avr_irq_register_notify(pin_irq(chip, port, bit), on_pin, &chip->pins[port][bit]);
        }
}

/* simavr clears its registers without notification: set the level of each pin, and what the firmware will read. */
void pins_after_reset(struct chip *chip)
{
    for (int port = 0; port < PORTS; port++) {
        if (!has_port(chip, port))
            continue;
        uint8_t levels = chip->wiring[port].driven & chip->wiring[port].level;
        for (int bit = 0; bit < BITS; bit++)
            avr_raise_irq(pin_irq(chip, port, bit), levels >> bit & 1);
        for (int bit = 0; bit < BITS; bit++)
            chip->pins[port][bit].followed_width = 0;
        *port_registers(chip, port) = levels;
    }
}

/* Drives a pin from outside. A pin that the chip drives keeps the chip's level, and takes this level when the chip
 * releases it: so this models a pull-up or a pull-down too. */
void hold_pin(struct pin *pin, int level)
{
    struct chip *chip = pin->chip;
    struct wiring *wiring = &chip->wiring[pin->port];
    if (wiring->frozen >> pin->bit & 1)
        return;
    wiring->driven |= 1 << pin->bit;
    wiring->level = (wiring->level & ~(1 << pin->bit)) | !!level << pin->bit;
    avr_ioport_external_t external = {.name = 'A' + pin->port, .mask = wiring->driven, .value = wiring->level};
    avr_ioctl(chip->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('A' + pin->port), &external);
    /* simavr reads that at its next update; raising the pin's IRQ updates it now. */
    uint8_t chip_drives = port_registers(chip, pin->port)[1];
    if (!(chip_drives >> pin->bit & 1))
        avr_raise_irq(pin_irq(chip, pin->port, pin->bit), !!level);
}

void chip_set_input(struct chip *chip, int port, int bit, int level)
{
    hold_pin(&chip->pins[port][bit], level);
}

/* Fixes a pin at its outside level: a contact that sticks. */
void chip_freeze(struct chip *chip, int port, int bit)
{
    chip->wiring[port].frozen |= 1 << bit;
}

/* Whether the changes of a pin are events; by default they are not. */
void chip_watch(struct chip *chip, int port, int bit, int watched)
{
    chip->pins[port][bit].watched = watched;
}

/* The level on a pin. One that nothing drives keeps its last level. */
int chip_pin_level(const struct chip *chip, int port, int bit)
{
    return chip->pins[port][bit].level;
}

/* Whether a pin is driven from outside. */
int chip_is_held(const struct chip *chip, int port, int bit)
{
    return chip->wiring[port].driven >> bit & 1;
}

/* Whether the chip drives a pin. */
int chip_drives(struct chip *chip, int port, int bit)
{
    return port_registers(chip, port)[1] >> bit & 1;
}

/* Cycle of a pin's last rise, and how long its last whole pulse and period were, in cycles. */
void chip_pulses(const struct chip *chip, int port, int bit, uint64_t *figures)
{
    const struct pin *pin = &chip->pins[port][bit];
    figures[0] = pin->rose;
    figures[1] = pin->width;
    figures[2] = pin->period;
}

/* The pulse that a servo on a pin follows, in cycles; 0: there was none since the last reset. A pulse counts when the
 * next one begins in time: one that a stop or a reset cuts short is no command, as a servo needs a train of them. */
uint64_t chip_servo_pulse(const struct chip *chip, int port, int bit)
{
    return chip->pins[port][bit].followed_width;
}

/* ---- duty ---- */

/* A pin that a timer can drive: the timer's two control registers, where the bits of this output are in the first, its
 * compare register, and whether the timer has 16 bits. Sources: the datasheets of the two chips. */
struct pwm_pin {
    uint8_t port, bit;
    uint16_t control_a;
    uint8_t shift;
    uint16_t compare;
    uint8_t is_wide;
};

enum { B = 1, D = 3, E = 4, G = 6, H = 7, L = 11 };

static const struct pwm_pin ATMEGA328P[] = {
    {D, 6, 0x44, 6, 0x47, 0}, {D, 5, 0x44, 4, 0x48, 0}, {B, 1, 0x80, 6, 0x88, 1}, {B, 2, 0x80, 4, 0x8a, 1},
    {B, 3, 0xb0, 6, 0xb3, 0}, {D, 3, 0xb0, 4, 0xb4, 0}, {0},
};
static const struct pwm_pin ATMEGA2560[] = {
    {B, 7, 0x44, 6, 0x47, 0},   {G, 5, 0x44, 4, 0x48, 0},   {B, 5, 0x80, 6, 0x88, 1},   {B, 6, 0x80, 4, 0x8a, 1},
    {B, 7, 0x80, 2, 0x8c, 1},   {B, 4, 0xb0, 6, 0xb3, 0},   {H, 6, 0xb0, 4, 0xb4, 0},   {E, 3, 0x90, 6, 0x98, 1},
    {E, 4, 0x90, 4, 0x9a, 1},   {E, 5, 0x90, 2, 0x9c, 1},   {H, 3, 0xa0, 6, 0xa8, 1},   {H, 4, 0xa0, 4, 0xaa, 1},
    {H, 5, 0xa0, 2, 0xac, 1},   {L, 3, 0x120, 6, 0x128, 1}, {L, 4, 0x120, 4, 0x12a, 1}, {L, 5, 0x120, 2, 0x12c, 1},
    {0},
};

/* The duty of an 8-bit timer, as the pin's edges would show it: counting up and down it is high for `compare` of 255,
 * counting up only for one more of 256. */
static double timer_duty(const uint8_t *data, const struct pwm_pin *pwm)
{
    uint8_t compare = data[pwm->compare];
    int only_up = pwm->is_wide ? data[pwm->control_a + 1] >> 3 & 1 : data[pwm->control_a] >> 1 & 1;
    double duty = only_up ? (compare + 1) / 256.0 : compare / 255.0;
    int inverted = data[pwm->control_a] >> pwm->shift & 1;
    return inverted ? 1 - duty : duty;
}

/* The share of the time for which a pin is high: 0 or 1 for one that no timer drives. Read from the timer's registers,
 * so that it holds as soon as it is set, without waiting for edges. */
double chip_duty(struct chip *chip, int port, int bit)
{
    const uint8_t *data = chip->avr->data;
    const struct pwm_pin *pwm = has_far_ports(chip) ? ATMEGA2560 : ATMEGA328P;
    for (; chip_drives(chip, port, bit) && pwm->control_a; pwm++)
        if (pwm->port == port && pwm->bit == bit && data[pwm->control_a] >> pwm->shift & 2)
            return timer_duty(data, pwm);
    return chip->pins[port][bit].level;
}
