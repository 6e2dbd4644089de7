/* The analog-to-digital converter of an emulated chip.
 *
 * simavr 1.6 has the voltages of eight channels only, in whole millivolts, and multiplies by 1023 where a chip does by
 * 1024. Here the results of the analog inputs are computed as the datasheets say; of what else can be converted (the
 * inner reference, ground, differences) simavr's are kept. */
#include "chip.h"

#include <simavr/avr_adc.h>

/* Registers of both chips. Bits of ADMUX: the reference, whether the result is shifted to the left, the source; MUX5 of
 * a 2560 is in ADCSRB. Sources: the datasheets of the two chips. */
enum { ADCL = 0x78, ADCH = 0x79, ADCSRB = 0x7b, ADMUX = 0x7c };
enum { REFERENCE = 6, ADLAR = 1 << 5, SOURCES = 0x1f, MUX5 = 1 << 3, CHANNELS_OF_MUX = 8 };
enum { AREF = 0, AVCC = 1, INNER_2560 = 2, STEPS = 1024, LEFT_SHIFT = 6 };

static const double SUPPLY_V = MILLIVOLTS / 1000.0, INNER_V = 1.1, INNER_2560_V = 2.56;

static double reference_v(const struct chip *chip)
{
    switch (chip->avr->data[ADMUX] >> REFERENCE) {
    case AREF: /* nothing is wired to it: the supply */
    case AVCC:
        return SUPPLY_V;
    case INNER_2560:
        return INNER_V;
    default:
        return has_far_ports(chip) ? INNER_2560_V : INNER_V;
    }
}

/* The channel of a 2560 or 328P that ADMUX selects; -1 for a source that is no analog input. */
static int selected_channel(const struct chip *chip)
{
    int source = chip->avr->data[ADMUX] & SOURCES & (has_far_ports(chip) ? SOURCES : SOURCES >> 1);
    if (source >= CHANNELS_OF_MUX)
        return -1;
    return has_far_ports(chip) && chip->avr->data[ADCSRB] & MUX5 ? source + CHANNELS_OF_MUX : source;
}

/* The firmware starts a conversion: the voltage of this moment is the one that is converted. */
static void on_conversion(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct chip *chip = param;
    int channel = selected_channel(chip);
    chip->adc.is_ours = channel >= 0;
    if (!chip->adc.is_ours)
        return;
    double step = chip->volts[channel] * STEPS / reference_v(chip);
    chip->adc.result = step < STEPS - 1 ? (uint16_t)step : STEPS - 1;
}

static uint8_t read_result(struct avr_t *avr, avr_io_addr_t address, void *param)
{
    struct chip *chip = param;
    int is_high = address == ADCH;
    if (!chip->adc.is_ours)
        return chip->adc.simavrs[is_high](avr, address, chip->adc.module);
    unsigned result = chip->adc.result << (avr->data[ADMUX] & ADLAR ? LEFT_SHIFT : 0);
    return avr->data[address] = is_high ? result >> 8 : result;
}

/* Takes the place of simavr's reading of the two result registers. */
void adc_listen(struct chip *chip)
{
    avr_t *avr = chip->avr;
    chip->adc.module = avr->io[AVR_DATA_TO_IO(ADCL)].r.param;
    for (int is_high = 0; is_high < 2; is_high++) {
        int io = AVR_DATA_TO_IO(ADCL + is_high);
        chip->adc.simavrs[is_high] = avr->io[io].r.c;
        avr->io[io].r.c = read_result;
        avr->io[io].r.param = chip;
    }
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), on_conversion, chip);
}

/* Puts 0 to 5 V on an analog input. */
void chip_set_adc(struct chip *chip, int channel, double volts)
{
    chip->volts[channel] = volts;
}
