#include "coils.h"

// Levels of the coils in each phase, the first coil in bit 0. Half steps for four and three wires, whole steps for two.
static const uint8_t FOUR_COILS[] PROGMEM = {0x5, 0x4, 0x6, 0x2, 0xA, 0x8, 0x9, 0x1};
static const uint8_t THREE_COILS[] PROGMEM = {0x1, 0x3, 0x2, 0x6, 0x4, 0x5};
static const uint8_t TWO_COILS[] PROGMEM = {0x2, 0x3, 0x1, 0x0};

uint8_t phase_count(const Axis& axis) { return axis.wires == 4 ? 8 : axis.wires == 3 ? 6 : 4; }

void update_coils(Axis& axis)
{
    uint8_t phases = phase_count(axis), phases_per_step = axis.half_steps || axis.wires == 2 ? 1 : 2;
    int8_t phase = (position_of(axis) % phases * phases_per_step + axis.phase) % phases;
    if (phase < 0)
        phase += phases;
    const uint8_t* table = axis.wires == 4 ? FOUR_COILS : axis.wires == 3 ? THREE_COILS : TWO_COILS;
    uint8_t levels = pgm_read_byte(&table[phase]) ^ axis.inverted;
    for (uint8_t coil = 0; coil < axis.wires; coil++)
        set_level(axis.pins[coil], levels >> coil & 1);
}
