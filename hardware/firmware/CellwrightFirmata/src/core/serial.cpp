#include "serial.h"

#if defined(__AVR_ATmega2560__)
#define RECEIVED USART0_RX_vect
#define CAN_SEND USART0_UDRE_vect
#else
#define RECEIVED USART_RX_vect
#define CAN_SEND USART_UDRE_vect
#endif

static volatile uint8_t incoming[RECEIVE_BYTES], outgoing[SEND_BYTES];
static volatile uint8_t in_first, in_end, out_first, out_end;
static volatile uint16_t lost;

constexpr uint8_t IN_MASK = RECEIVE_BYTES - 1, OUT_MASK = SEND_BYTES - 1;

void start_serial()
{
    UCSR0A = _BV(U2X0);
    UBRR0 = (F_CPU / 4 / BAUD - 1) / 2;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(RECEIVED)
{
    bool overrun = UCSR0A & _BV(DOR0);
    uint8_t byte = UDR0, end = in_end, after = (end + 1) & IN_MASK;
    if (overrun || after == in_first)
        lost++;
    if (after == in_first)
        return;
    incoming[end] = byte;
    in_end = after;
}

ISR(CAN_SEND)
{
    uint8_t first = out_first;
    if (first == out_end) {
        UCSR0B &= ~_BV(UDRIE0);
        return;
    }
    UDR0 = outgoing[first];
    out_first = (first + 1) & OUT_MASK;
}

bool has_byte() { return in_first != in_end; }

uint8_t take_byte()
{
    uint8_t byte = incoming[in_first];
    in_first = (in_first + 1) & IN_MASK;
    return byte;
}

uint8_t room_to_send() { return (out_first - out_end - 1) & OUT_MASK; }

void send_byte(uint8_t byte)
{
    while (!room_to_send())
        wait();
    outgoing[out_end] = byte;
    out_end = (out_end + 1) & OUT_MASK;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { UCSR0B |= _BV(UDRIE0); }
}

uint16_t bytes_lost()
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = lost; }
    return count;
}
