/* Firmware that does on command what the emulated chip's own instruments are to see, and tells by its UART (57600 baud)
 * what it sees itself. Each command is a letter; see main. It polls, so that what it does takes a known time. */
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/delay.h>

#ifdef __AVR_ATmega2560__
#define STEPPER PORTA
#define STEPPER_DDR DDRA
#define STEPPER_PIN PINA
#define ENCODER_PIN PINK
#define SCALE PORTL
#define SCALE_DDR DDRL
#define SCALE_PIN PINL
#define PWM_DDR DDRB
#define OC0A_BIT 7
#define OC2A_BIT 4
#else
#define STEPPER PORTD
#define STEPPER_DDR DDRD
#define STEPPER_PIN PIND
#define ENCODER_PIN PINB
#define SCALE PORTC
#define SCALE_DDR DDRC
#define SCALE_PIN PINC
#define PWM_DDR DDRD
#define OC0A_BIT 6
#endif

enum { STEP = 2, DIR = 3, SWITCH = 4, DATA = 0, CLOCK = 1 };

static uint8_t kept __attribute__((section(".noinit")));

static void tell(uint8_t byte)
{
    while (!(UCSR0A & 1 << UDRE0))
        ;
    UDR0 = byte;
}

static uint8_t hear(void)
{
    while (!(UCSR0A & 1 << RXC0))
        ;
    return UDR0;
}

/* Up to 200 steps, 5 us high and 95 us low, until the switch is low; tells how many. */
static void step(uint8_t forward)
{
    uint8_t steps = 0;
    if (forward)
        STEPPER |= 1 << DIR;
    else
        STEPPER &= ~(1 << DIR);
    _delay_us(20);
    while (steps < 200 && STEPPER_PIN & 1 << SWITCH) {
        STEPPER |= 1 << STEP;
        _delay_us(5);
        STEPPER &= ~(1 << STEP);
        _delay_us(95);
        steps++;
    }
    tell(steps);
}

/* Counts an encoder's edges for 20 ms; tells the count as a signed byte. */
static void count(void)
{
    static const int8_t TURN[16] = {0, 1, -1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 0, -1, 1, 0};
    int8_t total = 0;
    uint8_t state = ENCODER_PIN & 3;
    for (uint16_t look = 0; look < 20000; look++) {
        uint8_t now = ENCODER_PIN & 3;
        total += TURN[state << 2 | now];
        state = now;
        _delay_us(0.5);
    }
    tell(total);
}

static void weigh(uint8_t pulses)
{
    uint32_t value = 0;
    while (SCALE_PIN & 1 << DATA)
        ;
    for (uint8_t pulse = 0; pulse < pulses; pulse++) {
        SCALE |= 1 << CLOCK;
        _delay_us(1);
        if (pulse < 24)
            value = value << 1 | (SCALE_PIN >> DATA & 1);
        SCALE &= ~(1 << CLOCK);
        _delay_us(1);
    }
    tell(value >> 16);
    tell(value >> 8);
    tell(value);
    tell(SCALE_PIN >> DATA & 1);
}

static void await_bus(void)
{
    while (!(TWCR & 1 << TWINT))
        ;
}

static uint8_t bus(uint8_t what)
{
    TWCR = what | 1 << TWINT | 1 << TWEN;
    await_bus();
    return TWSR & 0xf8;
}

/* Writes 12 34 to address 2A, then reads three bytes; tells the states of the bus and the bytes. */
static void talk(uint8_t address)
{
    TWBR = 72;
    bus(1 << TWSTA);
    TWDR = address << 1;
    uint8_t answered = bus(0);
    tell(answered);
    if (answered == 0x18) {
        TWDR = 0x12;
        bus(0);
        TWDR = 0x34;
        bus(0);
        bus(1 << TWSTA);
        TWDR = address << 1 | 1;
        tell(bus(0));
        for (uint8_t byte = 0; byte < 3; byte++) {
            bus(byte < 2 ? 1 << TWEA : 0);
            tell(TWDR);
        }
    }
    TWCR = 1 << TWSTO | 1 << TWINT | 1 << TWEN;
}

/* A quarter of 255 on a timer that only counts up, 64 of 255 on one that counts up and down where it is on a pin. */
static void modulate(void)
{
    PWM_DDR |= 1 << OC0A_BIT;
    OCR0A = 63;
    TCCR0A = 1 << COM0A1 | 1 << WGM01 | 1 << WGM00;
    TCCR0B = 1 << CS01 | 1 << CS00;
#ifdef OC2A_BIT
    PWM_DDR |= 1 << OC2A_BIT;
    OCR2A = 51;
    TCCR2A = 1 << COM2A1 | 1 << WGM20;
    TCCR2B = 1 << CS22;
#endif
}

static void convert(uint8_t admux)
{
    ADMUX = admux;
    ADCSRA = 1 << ADEN | 1 << ADSC | 7;
    while (ADCSRA & 1 << ADSC)
        ;
    uint8_t low = ADCL;
    tell(ADCH);
    tell(low);
}

/* Tells its last channel (7 or 15) against the supply, 1.1 V and the reference that 11 selects, and shifted to the left;
 * then the inner reference against the supply. */
static void sample(void)
{
#ifdef __AVR_ATmega2560__
    ADCSRB = 1 << MUX5;
    enum { INNER = 1 << REFS1, INNER_SOURCE = 0x1e };
#else
    enum { INNER = 1 << REFS1 | 1 << REFS0, INNER_SOURCE = 0x0e };
#endif
    convert(1 << REFS0 | 7);
    convert(INNER | 7);
    convert(1 << REFS1 | 1 << REFS0 | 7);
    convert(1 << REFS0 | 1 << ADLAR | 7);
    ADCSRB = 0;
    convert(1 << REFS0 | INNER_SOURCE);
}

/* Pulses of 1.5 ms every 20 ms on the step pin, and one that is cut short at 0.7 ms. */
static void turn(void)
{
    for (uint8_t pulse = 0; pulse < 4; pulse++) {
        STEPPER |= 1 << STEP;
        _delay_us(700);
        if (pulse < 3)
            _delay_us(800);
        STEPPER &= ~(1 << STEP);
        _delay_ms(18.5);
    }
    tell('v');
}

int main(void)
{
    uint8_t cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
    UBRR0 = 34;
    UCSR0A = 1 << U2X0;
    UCSR0B = 1 << TXEN0 | 1 << RXEN0;
    STEPPER_DDR |= 1 << STEP | 1 << DIR;
    SCALE_DDR |= 1 << CLOCK;
    tell(cause);
    tell(kept++);
    for (;;)
        switch (hear()) {
        case 'f': step(1); break;
        case 'b': step(0); break;
        case 'e': count(); break;
        case 's': weigh(25); break;
        case 't': weigh(27); break;
        case 'i': talk(0x2a); break;
        case 'j': talk(0x2b); break;
        case 'p': modulate(); break;
        case 'a': sample(); break;
        case 'v': turn(); break;
        case 'd': SCALE |= 1 << CLOCK; _delay_us(100); SCALE &= ~(1 << CLOCK); tell('d'); break;
        case 'w': wdt_enable(WDTO_15MS); for (;;) ;
        }
}
