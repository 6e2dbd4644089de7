// What differs between the chips: pins, and how many devices of each kind fit into the memory.
#pragma once

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <stdint.h>
#include <util/atomic.h>

// -Os has these on, and on this chip they cost room: without these lines a Nano has a kilobyte less. They stand here,
// not in build.sh, so that a build by the Arduino IDE is as small. Of all such options these are the ones that leave
// the interrupts as quick: "no-move-loop-invariants" would save more, but makes steps uneven.
#if defined(__AVR__)
#pragma GCC optimize("no-tree-forwprop", "no-inline-functions-called-once", "no-tree-loop-optimize")
#pragma GCC optimize("no-partial-inlining", "no-tree-ter", "no-guess-branch-probability")
#endif

#if defined(__AVR_ATmega2560__)
constexpr uint8_t CHIP = 1;
constexpr uint8_t PINS = 70, FIRST_ANALOG = 54, SDA_PIN = 20, SCL_PIN = 21;
constexpr uint8_t DEVICES = 10, GROUPS = 5, ENCODERS = 5, LIMITERS = 16, SERVOS = 8, CONVERTERS = 3;
constexpr uint8_t TIMED_INPUTS = 12, HOMINGS = 4, CONTINUOUS_READS = 8;
constexpr uint16_t RX_BUFFER_BYTES = 256, TX_BUFFER_BYTES = 128;
#else
constexpr uint8_t CHIP = 0;
#if defined(CELLWRIGHT_NANO)
constexpr uint8_t PINS = 22;  // with A6 and A7
// -mcall-prologues needs more stack, so there are fewer devices.
constexpr uint8_t LIMITERS = 4, SERVOS = 2, TIMED_INPUTS = 5;
#else
constexpr uint8_t PINS = 20;
constexpr uint8_t LIMITERS = 5, SERVOS = 4, TIMED_INPUTS = 6;
#endif
constexpr uint8_t FIRST_ANALOG = 14, SDA_PIN = 18, SCL_PIN = 19;
constexpr uint8_t DEVICES = 6, GROUPS = 5, ENCODERS = 2, CONVERTERS = 2, HOMINGS = 2, CONTINUOUS_READS = 2;
constexpr uint16_t RX_BUFFER_BYTES = 64, TX_BUFFER_BYTES = 64;
#endif

constexpr uint8_t PORTS = (PINS + 7) / 8;  // Firmata's ports: eight consecutive pin numbers each
constexpr uint8_t NO_PIN = 0x7F;
constexpr uint32_t BAUD = 57600;

// The highest step rates without late steps while the serial line is busy, in steps/s; measured by make bench-firmware.
constexpr uint32_t MAX_STEP_RATE_ONE_AXIS = 50000, MAX_STEP_RATE_ALL_AXES = 60000;

#if defined(__AVR__)
inline volatile uint8_t* register_at(uint16_t address) { return reinterpret_cast<volatile uint8_t*>(address); }
inline void toggle_pins(volatile uint8_t* pin, uint8_t mask) { *pin = mask; }  // by writing to a PIN register
inline void busy_wait() {}                                                     // the body of a polling loop
#else                                                                          // tests/hardware/firmware/native
inline volatile uint8_t* register_at(uint16_t address) { return &native_memory[address]; }
inline void toggle_pins(volatile uint8_t* pin, uint8_t mask) { native_toggle_pins(pin, mask); }
inline void busy_wait() { native_busy_wait(); }
#endif

// For what a frequent interrupt calls rarely: inlined, its registers would be saved by every interrupt.
#define OUT_OF_LINE __attribute__((noinline))

// Memory that a reset does not clear; it has no initial value.
#if defined(__AVR__)
#define NOINIT __attribute__((section(".noinit")))
#else
#define NOINIT
#endif
