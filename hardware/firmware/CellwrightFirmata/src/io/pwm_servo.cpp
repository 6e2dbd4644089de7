#include "pwm_servo.h"

#include "../core/clock.h"
#include "../protocol/messages.h"
#include "../safety/stopped.h"
#include "pins.h"

// ---- PWM ----

// The compare register of a pin, the control register of its timer, and its bit there (COMnx1).
struct PwmChannel {
    volatile uint8_t* compare;
    volatile uint8_t* control;
    uint8_t bit;
    bool is_16_bit;
};

static PwmChannel pwm_channel(uint8_t pin)
{
    switch (pin) {
#if defined(__AVR_ATmega2560__)
    case 2: return {&OCR3BL, &TCCR3A, COM3B1, true};
    case 3: return {&OCR3CL, &TCCR3A, COM3C1, true};
    case 4: return {&OCR0B, &TCCR0A, COM0B1, false};
    case 5: return {&OCR3AL, &TCCR3A, COM3A1, true};
    case 6: return {&OCR4AL, &TCCR4A, COM4A1, true};
    case 7: return {&OCR4BL, &TCCR4A, COM4B1, true};
    case 8: return {&OCR4CL, &TCCR4A, COM4C1, true};
    case 9: return {&OCR2B, &TCCR2A, COM2B1, false};
    case 10: return {&OCR2A, &TCCR2A, COM2A1, false};
    case 13: return {&OCR0A, &TCCR0A, COM0A1, false};
    case 44: return {&OCR5CL, &TCCR5A, COM5C1, true};
    case 45: return {&OCR5BL, &TCCR5A, COM5B1, true};
    default: return {&OCR5AL, &TCCR5A, COM5A1, true};  // 46
#else
    case 3: return {&OCR2B, &TCCR2A, COM2B1, false};
    case 5: return {&OCR0B, &TCCR0A, COM0B1, false};
    case 6: return {&OCR0A, &TCCR0A, COM0A1, false};
    default: return {&OCR2A, &TCCR2A, COM2A1, false};  // 11
#endif
    }
}

void start_pwm()
{
    TIMSK0 = 0;  // the Arduino core counts milliseconds with this timer
    TCCR0A = _BV(WGM01) | _BV(WGM00);
    TCCR0B = _BV(CS01) | _BV(CS00);  // 977 Hz
    TCCR2A = _BV(WGM20);
    TCCR2B = _BV(CS22);  // 490 Hz
#if defined(__AVR_ATmega2560__)
    TCCR3A = TCCR4A = TCCR5A = _BV(WGM30);
    TCCR3B = TCCR4B = TCCR5B = _BV(CS31) | _BV(CS30);  // 490 Hz
#endif
}

static void set_duty(uint8_t pin, uint8_t duty)
{
    PwmChannel channel = pwm_channel(pin);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        // A timer cannot make a duty of exactly 0 or 1.
        if (duty == 0 || duty == 255) {
            *channel.control &= ~_BV(channel.bit);
            set_level(pin, duty);
        } else {
            if (channel.is_16_bit)
                channel.compare[1] = 0;  // the high byte is written first
            channel.compare[0] = duty;
            *channel.control |= _BV(channel.bit);
        }
    }
}

static uint8_t read_duty(uint8_t pin)
{
    PwmChannel channel = pwm_channel(pin);
    if (*channel.control & _BV(channel.bit))
        return channel.compare[0];
    return driven_level(pin) ? 255 : 0;
}

void declare_pwm(uint8_t pin)
{
    pin_modes[pin] = PWM_MODE;
    set_duty(pin, 0);
    make_output(pin, false);
}

// ---- servos ----

constexpr uint16_t FRAME_US = 20000, MAX_DEGREES = 180, DEFAULT_MIN_US = 544, DEFAULT_MAX_US = 2400, MIN_PULSE_US = 200;

constexpr uint8_t EDGE_LATENCY_TICKS = CHIP ? 108 : 76;  // from the alarm to the edge

struct Servo {
    uint8_t pin;  // NO_PIN: unused
    uint16_t min_us, max_us;
    uint16_t us;  // 0: no pulses
};
static Servo servos[SERVOS];
static bool has_servos;
static uint8_t next_servo;             // its pulse is next; SERVOS: the rest of the frame
static uint8_t high_pin;               // NO_PIN: none is high
static uint32_t edge_time, frame_end;  // timer ticks

static Servo* find_servo(uint8_t pin)
{
    for (Servo& servo : servos)
        if (servo.pin == pin)
            return &servo;
    return nullptr;
}

static void start_servos()
{
    if (has_servos)
        return;
    for (Servo& servo : servos)
        servo.pin = NO_PIN;
    next_servo = SERVOS;
    high_pin = NO_PIN;
    frame_end = edge_time = timer_ticks_32() + 2000;
    has_servos = true;
    set_alarm(edge_time);
}

void configure_servo(uint8_t pin, uint16_t min_us, uint16_t max_us)
{
    start_servos();
    Servo* servo = find_servo(pin);
    if (!servo && !(servo = find_servo(NO_PIN))) {
        send_error(PSTR("no room for another servo"));
        return;
    }
    if (min_us < MIN_PULSE_US || max_us > 3000 || min_us >= max_us) {
        send_pin_error(pin, PSTR("has no such servo"));
        return;
    }
    if (servo->pin != pin) {
        make_output(pin, false);
        servo->us = 0;
    }
    servo->min_us = min_us;
    servo->max_us = max_us;
    servo->pin = pin;
    pin_modes[pin] = SERVO_MODE;
}

void declare_servo(uint8_t pin)
{
    start_servos();
    if (!find_servo(pin))
        configure_servo(pin, DEFAULT_MIN_US, DEFAULT_MAX_US);
}

static void set_servo(Servo& servo, uint16_t value)
{
    uint16_t us = value;
    if (value < DEFAULT_MIN_US) {
        uint16_t degrees = value < MAX_DEGREES ? value : MAX_DEGREES;
        us = servo.min_us + uint32_t(servo.max_us - servo.min_us) * degrees / MAX_DEGREES;
    }
    us = us < servo.min_us ? servo.min_us : us > servo.max_us ? servo.max_us : us;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { servo.us = us; }
}

// The pulses of the servos follow each other; then there is a pause to the end of the frame.
void service_servos()
{
    if (!has_servos)
        return;
    if (int32_t(edge_time - timer_ticks_32()) > 4) {
        set_alarm(edge_time);
        return;
    }
    if (high_pin != NO_PIN) {
        set_level(high_pin, false);
        high_pin = NO_PIN;
    }
    if (next_servo >= SERVOS) {
        next_servo = 0;
        frame_end = edge_time + uint32_t(FRAME_US) * TICKS_PER_US;
    }
    while (next_servo < SERVOS && (servos[next_servo].pin == NO_PIN || !servos[next_servo].us))
        next_servo++;
    if (next_servo < SERVOS && !stopped) {
        set_level(high_pin = servos[next_servo].pin, true);
        edge_time = timer_ticks_32() + servos[next_servo].us * TICKS_PER_US - EDGE_LATENCY_TICKS;
        next_servo++;
    } else {
        next_servo = SERVOS;
        edge_time = frame_end;
    }
    set_alarm(edge_time);
}

// ---- both ----

void write_analog(uint8_t pin, uint16_t value)
{
    if (pin >= PINS)
        return;
    if (pin_modes[pin] != PWM_MODE && pin_modes[pin] != SERVO_MODE) {
        refuse_pin(pin);
        return;
    }
    if (stopped) {
        if (value)
            send_stopped_error();
        return;
    }
    if (pin_modes[pin] == PWM_MODE)
        set_duty(pin, value < 255 ? value : 255);
    else
        set_servo(*find_servo(pin), value);
    if (stopped)
        stop_pwm_servo();  // an interrupt has stopped the board meanwhile
}

uint16_t read_analog_output(uint8_t pin)
{
    if (pin_modes[pin] == PWM_MODE)
        return read_duty(pin);
    const Servo* servo = find_servo(pin);
    if (!servo || !servo->us)
        return 0;
    return uint32_t(servo->us - servo->min_us) * MAX_DEGREES / (servo->max_us - servo->min_us);
}

void release_pwm_servo(uint8_t pin)
{
    if (pin_modes[pin] == PWM_MODE)
        set_duty(pin, 0);
    if (pin_modes[pin] == SERVO_MODE)
        if (Servo* servo = find_servo(pin)) {
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
            {
                servo->pin = NO_PIN;
                if (high_pin == pin) {
                    set_level(pin, false);
                    high_pin = NO_PIN;
                }
            }
        }
}

void stop_pwm_servo()
{
    for (uint8_t pin = 0; pin < PINS; pin++)
        if (pin_modes[pin] == PWM_MODE)
            set_duty(pin, 0);
    if (!has_servos)
        return;
    for (Servo& servo : servos)
        servo.us = 0;
    if (high_pin != NO_PIN)
        set_level(high_pin, false);
    high_pin = NO_PIN;
}
