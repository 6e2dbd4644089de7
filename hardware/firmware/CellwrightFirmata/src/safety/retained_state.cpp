#include "retained_state.h"

#include "../io/outputs.h"
#include "../io/pins.h"
#include "../motion/axis.h"

constexpr uint16_t MAGIC = 0x0CE1;

// Kept over a reset, to be reported afterwards.
struct RetainedState {
    uint16_t magic;
    uint16_t checksum;  // of the safe levels
    uint8_t starts;
    uint8_t reset_flags;  // the chip's MCUSR
};
NOINIT static RetainedState retained;

StopReason reset_reason;
uint16_t previous_devices;

static uint16_t compute_checksum()
{
    uint16_t sum = 0x1D0F;
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&safe_levels);
    for (uint8_t n = 0; n < sizeof safe_levels; n++)
        sum = (sum << 3 | sum >> 13) ^ bytes[n];
    return sum;
}

void update_checksum() { retained.checksum = compute_checksum(); }

#if defined(__AVR__)
void capture_reset_flags() __attribute__((naked, used, section(".init3")));
void capture_reset_flags()
{
    retained.reset_flags = MCUSR;
    MCUSR = 0;
    WDTCSR = _BV(WDCE) | _BV(WDE);
    WDTCSR = 0;
}
#endif

static StopReason decode_reset_flags()
{
    uint8_t flags = retained.reset_flags;
    if (flags & _BV(BORF) && !(flags & _BV(PORF)))
        return BROWN_OUT;
    if (flags & _BV(PORF))
        return POWER_ON;
    if (flags & _BV(EXTRF))
        return RESET_BUTTON;
    return UNKNOWN_RESTART;  // a boot loader has cleared the flags
}

static void record_devices()
{
    previous_devices = 0;
    for (uint8_t device = 0; device < DEVICES; device++) {
        if (axes[device].wires < 1 || axes[device].wires > 4)
            continue;
        previous_devices |= 1 << device;
    }
}

void restore_after_reset()
{
    reset_reason = decode_reset_flags();
    bool is_intact = retained.magic == MAGIC && retained.checksum == compute_checksum();
    if (is_intact) {
        record_devices();
        if (retained.starts < 0x7F)
            retained.starts++;
        for (uint8_t pin = 2; pin < PINS; pin++)
            if (is_declared(pin) && is_digital(pin))
                declare_output(pin);
    } else {
        reset_reason = POWER_ON;
        retained.starts = 1;
        safe_levels = SafeLevels();
    }
    for (Axis& axis : axes) {
        int32_t position = position_of(axis);
        axis = Axis();
        axis.end_position = position;
        axis.enable_pin = NO_PIN;
    }
    retained.magic = MAGIC;
    update_checksum();
#if defined(__AVR__)
    // The watchdog stops the board where the main loop hangs for half a second. It does not reset the chip: an old boot
    // loader would then reset it again for ever.
    WDTCSR = _BV(WDCE) | _BV(WDE);
    WDTCSR = _BV(WDIE) | _BV(WDP2) | _BV(WDP0);
#endif
}

uint8_t starts_since_power_on() { return retained.starts; }
