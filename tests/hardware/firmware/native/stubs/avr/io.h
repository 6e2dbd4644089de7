// Replaces the header of avr-libc: the registers that the firmware uses, in plain memory. Addresses and bits are those
// of the data sheets (ATmega328P; ATmega2560 with __AVR_ATmega2560__).
#pragma once

#include <stdint.h>

constexpr unsigned NATIVE_BYTES = 0x140;
extern volatile uint8_t native_memory[NATIVE_BYTES];

void native_busy_wait();                                            // time passes in a polling loop
void native_toggle_pins(volatile uint8_t* pin, uint8_t mask);    // as by writing to a PIN register
void native_two_wire(uint8_t control);                         // a write to TWCR

#define F_CPU 16000000UL
#define _BV(bit) (1 << (bit))
#define NATIVE_8(address) native_memory[address]
#define NATIVE_16(address) (*reinterpret_cast<volatile uint16_t*>(&native_memory[address]))

#define TIFR1 NATIVE_8(0x36)
#define EIMSK NATIVE_8(0x3D)
#define TCCR0A NATIVE_8(0x44)
#define TCCR0B NATIVE_8(0x45)
#define OCR0A NATIVE_8(0x47)
#define OCR0B NATIVE_8(0x48)
#define MCUSR NATIVE_8(0x54)
#define WDTCSR NATIVE_8(0x60)
#define PCICR NATIVE_8(0x68)
#define PCIE0 0
#define PCIE1 1
#define PCIE2 2
#define EICRA NATIVE_8(0x69)
#define EICRB NATIVE_8(0x6A)
#define TIMSK0 NATIVE_8(0x6E)
#define TIMSK1 NATIVE_8(0x6F)
#define ADCL NATIVE_8(0x78)
#define ADCH NATIVE_8(0x79)
#define ADCSRA NATIVE_8(0x7A)
#define ADCSRB NATIVE_8(0x7B)
#define ADMUX NATIVE_8(0x7C)
#define TCCR1A NATIVE_8(0x80)
#define TCCR1B NATIVE_8(0x81)
#define TCNT1 NATIVE_16(0x84)
#define OCR1A NATIVE_16(0x88)
#define OCR1B NATIVE_16(0x8A)
#define TCCR3A NATIVE_8(0x90)
#define TCCR3B NATIVE_8(0x91)
#define OCR3AL NATIVE_8(0x98)
#define OCR3BL NATIVE_8(0x9A)
#define OCR3CL NATIVE_8(0x9C)
#define TCCR4A NATIVE_8(0xA0)
#define TCCR4B NATIVE_8(0xA1)
#define OCR4AL NATIVE_8(0xA8)
#define OCR4BL NATIVE_8(0xAA)
#define OCR4CL NATIVE_8(0xAC)
#define TCCR2A NATIVE_8(0xB0)
#define TCCR2B NATIVE_8(0xB1)
#define OCR2A NATIVE_8(0xB3)
#define OCR2B NATIVE_8(0xB4)
#define TWBR NATIVE_8(0xB8)
#define TWSR NATIVE_8(0xB9)
#define TWDR NATIVE_8(0xBB)
#define UCSR0A NATIVE_8(0xC0)
#define UCSR0B NATIVE_8(0xC1)
#define UCSR0C NATIVE_8(0xC2)
#define UBRR0 NATIVE_16(0xC4)
#define UDR0 NATIVE_8(0xC6)
#define TCCR5A NATIVE_8(0x120)
#define TCCR5B NATIVE_8(0x121)
#define OCR5AL NATIVE_8(0x128)
#define OCR5BL NATIVE_8(0x12A)
#define OCR5CL NATIVE_8(0x12C)

// A write to the control register starts an operation, so this register is not plain memory.
struct NativeTwoWireControl {
    void operator=(uint8_t control) { native_two_wire(control); }
    operator uint8_t() const { return NATIVE_8(0xBC); }
};
static NativeTwoWireControl native_two_wire_control __attribute__((unused));
#define TWCR native_two_wire_control

enum {
    OCIE1A = 1, OCIE1B = 2, TOIE1 = 0, OCF1A = 1, OCF1B = 2, TOV1 = 0, CS11 = 1,
    WGM00 = 0, WGM01 = 1, CS00 = 0, CS01 = 1, WGM20 = 0, CS22 = 2, WGM30 = 0, CS30 = 0, CS31 = 1,
    COM0A1 = 7, COM0B1 = 5, COM2A1 = 7, COM2B1 = 5,
    COM3A1 = 7, COM3B1 = 5, COM3C1 = 3, COM4A1 = 7, COM4B1 = 5, COM4C1 = 3, COM5A1 = 7, COM5B1 = 5, COM5C1 = 3,
    PORF = 0, EXTRF = 1, BORF = 2, WDRF = 3, WDIE = 6, WDCE = 4, WDE = 3, WDP0 = 0, WDP2 = 2,
    REFS0 = 6, ADEN = 7, ADSC = 6, ADPS2 = 2, ADPS1 = 1, ADPS0 = 0,
    TWINT = 7, TWEA = 6, TWSTA = 5, TWSTO = 4, TWEN = 2,
    RXC0 = 7, DOR0 = 3, U2X0 = 1, RXCIE0 = 7, UDRIE0 = 5, RXEN0 = 4, TXEN0 = 3, UCSZ01 = 2, UCSZ00 = 1,
};
