#include "serial.h"

#if defined(__AVR_ATmega2560__)
#define RX_VECTOR USART0_RX_vect
#define TX_VECTOR USART0_UDRE_vect
#else
#define RX_VECTOR USART_RX_vect
#define TX_VECTOR USART_UDRE_vect
#endif

static volatile uint8_t rx_buffer[RX_BUFFER_BYTES], tx_buffer[TX_BUFFER_BYTES];
static volatile uint8_t rx_tail, rx_head, tx_tail, tx_head;
static volatile uint16_t lost_bytes;

constexpr uint8_t RX_MASK = RX_BUFFER_BYTES - 1, TX_MASK = TX_BUFFER_BYTES - 1;

void start_serial()
{
    UCSR0A = _BV(U2X0);
    UBRR0 = (F_CPU / 4 / BAUD - 1) / 2;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(RX_VECTOR)
{
    bool overrun = UCSR0A & _BV(DOR0);
    uint8_t byte = UDR0, end = rx_head, after = (end + 1) & RX_MASK;
    if (overrun || after == rx_tail)
        lost_bytes++;
    if (after == rx_tail)
        return;
    rx_buffer[end] = byte;
    rx_head = after;
}

ISR(TX_VECTOR)
{
    uint8_t first = tx_tail;
    if (first == tx_head) {
        UCSR0B &= ~_BV(UDRIE0);
        return;
    }
    UDR0 = tx_buffer[first];
    tx_tail = (first + 1) & TX_MASK;
}

bool is_byte_available() { return rx_tail != rx_head; }

uint8_t read_byte()
{
    uint8_t byte = rx_buffer[rx_tail];
    rx_tail = (rx_tail + 1) & RX_MASK;
    return byte;
}

uint8_t tx_space() { return (tx_tail - tx_head - 1) & TX_MASK; }

void send_byte(uint8_t byte)
{
    while (!tx_space())
        busy_wait();
    tx_buffer[tx_head] = byte;
    tx_head = (tx_head + 1) & TX_MASK;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { UCSR0B |= _BV(UDRIE0); }
}

uint16_t lost_byte_count()
{
    uint16_t count;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { count = lost_bytes; }
    return count;
}
