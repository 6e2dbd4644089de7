#include "simulated_chip.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/main_loop.h"
#include "io/pins.h"
#include "motion/axis.h"

alignas(8) volatile uint8_t native_memory[NATIVE_BYTES];
bool native_interrupts;
SimulatedChip chip;
std::function<void()> print_history = [] {};

extern "C" {
void TIMER1_COMPA_vect(void);
void TIMER1_COMPB_vect(void);
void TIMER1_OVF_vect(void);
void PCINT0_vect(void);
#if defined(__AVR_ATmega2560__)
void USART0_RX_vect(void);
void USART0_UDRE_vect(void);
#define RX_VECTOR USART0_RX_vect
#define TX_VECTOR USART0_UDRE_vect
#else
void USART_RX_vect(void);
void USART_UDRE_vect(void);
#define RX_VECTOR USART_RX_vect
#define TX_VECTOR USART_UDRE_vect
#endif
}

void native_busy_wait() { chip.poll(); }
void native_between_instructions() { chip.between_instructions(); }
void native_toggle_pins(volatile uint8_t* pin, uint8_t mask) { chip.on_toggle(pin, mask); }
void native_two_wire(uint8_t control) { chip.on_two_wire_control(control); }

// Sanitizers end the program as fail() does.
extern "C" const char* __asan_default_options() { return "abort_on_error=1:detect_leaks=0"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }

// Called before the program ends, for a violation or a finding of a sanitizer.
static void tell(int)
{
    print_history();
    fflush(stdout);
}

void fail(const std::string& what)
{
    printf("violated: %s\n", what.c_str());
    abort();
}

// ---- pins ----

#if defined(__AVR_ATmega2560__)
static const uint16_t PORT_REGISTERS[] = {0x20, 0x23, 0x26, 0x29, 0x2C, 0x2F, 0x32, 0x100, 0x103, 0x106, 0x109};
#else
static const uint16_t PORT_REGISTERS[] = {0x23, 0x26, 0x29};
#endif

uint8_t port_of(uint8_t pin)
{
    uint8_t port = 0;
    while (&native_memory[PORT_REGISTERS[port]] != port_pin_of(pin).pin)
        port++;
    return port;
}

// A pin that the firmware does not drive has the level of its wire.
void SimulatedChip::refresh_pins()
{
    uint8_t port = 0;
    for (uint16_t at : PORT_REGISTERS) {
        uint8_t driven = native_memory[at + 1], held = input_levels[port++];
        native_memory[at] = (native_memory[at + 2] & driven) | (held & ~driven);
    }
}

void SimulatedChip::set_input(uint8_t pin, bool level)
{
    uint8_t mask = port_pin_of(pin).mask, &levels = input_levels[port_of(pin)];
    levels = level ? levels | mask : levels & ~mask;
    refresh_pins();
    pin_change_pending = native_memory[0x6B] || native_memory[0x6C] || native_memory[0x6D] || EIMSK;
    run_interrupts();
}

void SimulatedChip::on_toggle(volatile uint8_t* pin, uint8_t mask)
{
    if (!mask)
        return;
    pin[2] ^= mask;
    refresh_pins();
    for (int device = 0; device < DEVICES; device++) {
        const Axis& axis = axes[device];
        if (axis.wires == 1 && axis.step_pin == pin && axis.step_mask == mask)
            on_step(device, bool(pin[2] & mask) != bool(axis.inverted & 1));
    }
}

// ---- the two-wire bus ----

void SimulatedChip::on_two_wire_control(uint8_t control)
{
    uint8_t* kept = const_cast<uint8_t*>(&native_memory[0xBC]);
    *kept = control & ~_BV(TWINT);
    if (!(control & _BV(TWINT)) || !(control & _BV(TWEN)) || bus_hangs)
        return;
    if (control & _BV(TWSTO)) {
        *kept = _BV(TWEN);
        return;
    }
    if (control & _BV(TWSTA)) {
        TWSR = bus_is_addressed ? 0x10 : 0x08;
        bus_is_addressed = false;
    } else if (!bus_is_addressed) {
        bool there = bus_answers >> (TWDR >> 1 & 7) & 1;
        TWSR = TWDR & 1 ? (there ? 0x40 : 0x48) : (there ? 0x18 : 0x20);
        bus_is_addressed = true;
    } else {
        TWSR = 0x28;
        TWDR = uint8_t(now);
    }
    *kept |= _BV(TWINT);
}

// ---- time ----

uint32_t SimulatedChip::roll(uint32_t sides)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % sides;
}

static uint64_t next_match(uint64_t now, uint16_t compare)
{
    uint16_t in = compare - uint16_t(now);
    return now + (in ? in : 0x10000);
}

uint64_t SimulatedChip::next_event(uint64_t at_most) const
{
    uint64_t next = at_most;
    auto sooner = [&next](uint64_t time) { next = time < next ? time : next; };
    if (TIMSK1 & _BV(OCIE1A))
        sooner(next_match(now, OCR1A));
    sooner(next_match(now, OCR1B));
    sooner((now | 0xFFFF) + 1);
    if (arrived < arriving.size())
        sooner(next_rx_at > now ? next_rx_at : now);
    if ((UCSR0B & _BV(UDRIE0)) && tx_free_at > now)
        sooner(tx_free_at);
    return next;
}

void SimulatedChip::advance_to(uint64_t time)
{
    compare_a_pending |= next_match(now, OCR1A) <= time;
    compare_b_pending |= next_match(now, OCR1B) <= time;
    if ((now | 0xFFFF) < time) {
        overflow_pending = true;
        TIFR1 = _BV(TOV1);
    }
    now = time;
    TCNT1 = uint16_t(now);
    if (arrived < arriving.size() && next_rx_at <= now && !rx_pending) {
        UDR0 = arriving[arrived++];
        next_rx_at = now + TICKS_PER_BYTE;
        rx_pending = true;
    }
    if (now - pass_started > MAX_PASS_TICKS)
        fail("the main loop did not come round for half a second");
}

// Runs the pending interrupt of the highest priority. Returns whether there was one.
bool SimulatedChip::run_one_interrupt()
{
    void (*vector)(void) = nullptr;
    if (pin_change_pending) {
        pin_change_pending = false;
        vector = PCINT0_vect;
    } else if (compare_a_pending && (TIMSK1 & _BV(OCIE1A))) {
        compare_a_pending = false;
        vector = TIMER1_COMPA_vect;
    } else if (compare_b_pending) {
        compare_b_pending = false;
        vector = TIMER1_COMPB_vect;
    } else if (overflow_pending) {
        overflow_pending = false;
        TIFR1 = 0;
        vector = TIMER1_OVF_vect;
    } else if (rx_pending) {
        rx_pending = false;
        vector = RX_VECTOR;
    } else if ((UCSR0B & _BV(UDRIE0)) && tx_free_at <= now) {
        native_interrupts = false;
        TX_VECTOR();
        native_interrupts = true;
        if (UCSR0B & _BV(UDRIE0)) {
            sent.push_back(uint8_t(UDR0));
            tx_free_at = now + TICKS_PER_BYTE;
        }
        return true;
    }
    if (!vector)
        return false;
    native_interrupts = false;
    depth++;
    vector();
    depth--;
    native_interrupts = true;
    refresh_pins();
    if (depth == 0 && !is_in_main_loop)
        on_idle();
    return true;
}

void SimulatedChip::run_interrupts()
{
    while (native_interrupts && run_one_interrupt()) {
    }
}

// Within the firmware time passes only in polling loops; and here, where interrupts come anywhere.
void SimulatedChip::between_instructions()
{
    if (!interrupts_anywhere || depth > 4)
        return;
    if (roll(4) == 0)
        advance_to(now + 1 + roll(24));
    refresh_pins();
    run_interrupts();
}

void SimulatedChip::poll()
{
    advance_to(next_event(now + 32));
    ADCSRA &= ~_BV(ADSC);
    ADCL = uint8_t(now);
    ADCH = uint8_t(now >> 8) & 3;
    refresh_pins();
    if (native_interrupts)
        run_interrupts();
}

void SimulatedChip::run_main_loop()
{
    pass_started = now;
    is_in_main_loop = true;
    run_once();
    is_in_main_loop = false;
    refresh_pins();
    on_idle();
}

void SimulatedChip::run_for(uint64_t ticks)
{
    for (uint64_t end = now + ticks; now < end;) {
        advance_to(next_event(end));
        refresh_pins();
        run_interrupts();
        run_main_loop();
    }
}

void SimulatedChip::run_until_received(uint64_t at_most)
{
    for (uint64_t end = now + at_most; now < end && !is_idle();)
        run_for(TICKS_PER_BYTE);
    run_for(16);
}

void SimulatedChip::feed(const Bytes& bytes)
{
    if (is_idle()) {
        arriving.clear();
        arrived = 0;
        next_rx_at = now + TICKS_PER_BYTE;
    }
    arriving.insert(arriving.end(), bytes.begin(), bytes.end());
}

void SimulatedChip::start()
{
    signal(SIGABRT, tell);
    refresh_pins();
    UCSR0B = 0;
    start_board();
    TIFR1 = 0;
    pass_started = now;
}
