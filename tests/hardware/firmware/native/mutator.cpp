#include "mutator.h"

#include "protocol/messages.h"

// SplitMix64 (Steele, Lea and Flood 2014).
uint64_t Mutator::mix(uint64_t bits)
{
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
}

uint32_t Mutator::roll(uint32_t sides) { return uint32_t(mix(state += 0x9E3779B97F4A7C15) >> 32) % sides; }

// Few pins, so that they are used more than once; sometimes one that does not exist.
uint8_t Mutator::pin()
{
    if (chance(4))
        return roll(128);
    return chance(10) ? roll(PINS) : 2 + roll(18);
}

uint8_t Mutator::device() { return chance(3) ? roll(128) : roll(chance(80) ? 3 : DEVICES); }

void Mutator::put_number(Bytes& bytes, uint32_t value, int size)
{
    for (; size--; value >>= 7)
        bytes.push_back(value & 0x7F);
}

void Mutator::put_position(Bytes& bytes)
{
    uint32_t size = roll(chance(50) ? 200 : 5000);
    if (chance(5))
        size = chance(50) ? 0x7FFFFFFF - roll(3) : roll(0xFFFFFFFF);
    put_number(bytes, size, 4);
    bytes.push_back((size >> 28 & 7) | (chance(50) ? 8 : 0));
}

void Mutator::put_float(Bytes& bytes, uint32_t significand, int exponent)
{
    put_number(bytes, significand, 3);
    bytes.push_back((significand >> 21 & 3) | ((exponent + 11) << 2) | (chance(2) ? 0x40 : 0));
}

// Most are possible on the board, so that something moves.
void Mutator::put_speed(Bytes& bytes)
{
    if (chance(5))
        put_float(bytes, roll(1 << 23), int(roll(16)) - 11);
    else if (chance(10))
        put_float(bytes, roll(1000), -3);
    else
        put_float(bytes, 1 + roll(chance(20) ? 60000 : 15000), 0);
}

static Bytes sysex(std::initializer_list<uint8_t> begin)
{
    Bytes bytes = {BEGIN_SYSEX};
    bytes.insert(bytes.end(), begin);
    return bytes;
}

Bytes Mutator::stepper_message()
{
    static const uint8_t INTERFACES[] = {0x10, 0x10, 0x10, 0x11, 0x20, 0x30, 0x40,
                                         0x42, 0x32, 0x43, 0x22, 0x44, 0x00, 0x70};
    static const uint8_t SUBS[] = {0, 0, 0, 1, 2, 2, 2, 3, 3, 3, 4,    5,    5,
                                   6, 7, 7, 8, 8, 9, 9, 0x20, 0x20, 0x21, 0x21, 0x23};
    uint8_t sub = SUBS[roll(sizeof SUBS)];
    if (sub >= 0x20) {
        Bytes bytes = sysex({ACCELSTEPPER, sub, uint8_t(roll(chance(90) ? 2 : 8))});
        uint8_t members = 2 + roll(chance(80) ? 2 : 9);
        for (uint8_t n = 0; sub == 0x20 && n < members; n++)
            bytes.push_back(device());
        for (uint8_t n = 0; sub == 0x21 && n < members; n++)
            put_position(bytes);
        return bytes;
    }
    Bytes bytes = sysex({ACCELSTEPPER, sub, device()});
    if (sub == 0) {
        bytes.push_back(INTERFACES[roll(sizeof INTERFACES)]);
        for (uint32_t n = 2 + roll(4); n--;)
            bytes.push_back(pin());
        bytes.push_back(chance(50) ? 0 : roll(32));
    } else if (sub == 2 || sub == 3) {
        put_position(bytes);
    } else if (sub == 4) {
        bytes.push_back(roll(2));
    } else if (sub == 7) {
        for (int end = 0; end < 2; end++) {
            bytes.push_back(chance(30) ? NO_PIN : pin());
            bytes.push_back(roll(2));
        }
    } else if (sub == 8) {
        put_float(bytes, chance(10) ? 0 : roll(chance(90) ? 50000 : 1 << 23), chance(90) ? 0 : int(roll(16)) - 11);
    } else if (sub == 9) {
        put_speed(bytes);
    }
    return bytes;
}

Bytes Mutator::feature_message()
{
    uint8_t command = 1 + roll(chance(95) ? 11 : 15);
    Bytes bytes = sysex({command});
    auto put = [&](uint32_t value) { bytes.push_back(value & 0x7F); };
    switch (command) {
    case OUTPUT_LIMITS:
        put(pin());
        put(roll(2));
        put_number(bytes, chance(50) ? 0 : roll(chance(80) ? 50 : 1 << 21), 3);
        put(chance(50) ? 0 : roll(110));
        break;
    case PULSE:
        put(pin());
        put(roll(2));
        put_number(bytes, chance(90) ? roll(20000) : roll(1 << 28), 4);
        break;
    case WATCHDOG:
        put_number(bytes, chance(60) ? 0 : roll(2500), 2);
        break;
    case STOP:
        put(chance(50) ? 1 : roll(5));
        put(pin());
        put(roll(2));
        break;
    case STATE:
        put(roll(3));
        break;
    case HOME:
        put(device());
        put(roll(2));
        put_speed(bytes);
        put_float(bytes, 100 + roll(2000), 0);
        put_number(bytes, roll(100), 3);
        put_number(bytes, chance(90) ? roll(2000) : roll(1 << 28), 4);
        break;
    case CONVERTER:
        put(roll(2));
        put(roll(3));
        put(pin());
        put(pin());
        put(1 + roll(3));
        break;
    case TIMED_INPUT:
        put(roll(2));
        put(pin());
        put(roll(2));
        put(roll(chance(80) ? 5 : 128));
        break;
    case AXES:
        put(roll(2));
        put(device());
        break;
    }
    return bytes;
}

Bytes Mutator::core_message()
{
    static const uint8_t QUERIES[] = {CAPABILITY_QUERY, ANALOG_MAPPING_QUERY, FIRMWARE, STRING,
                                      SAMPLING_INTERVAL, 0x7B, 0x00};
    static const uint8_t MODES[] = {0, 1, 1, 1, 2, 3, 3, 4, 6, 8, 9, 0x0B, 0x10};
    switch (roll(16)) {
    case 0: case 1: case 2: return {PIN_MODE, pin(), MODES[roll(sizeof MODES)]};
    case 3: case 4: return {SET_PIN, pin(), uint8_t(roll(2))};
    case 5: return {uint8_t(PORT | roll(chance(90) ? PORTS : 16)), uint8_t(roll(128)), uint8_t(roll(2))};
    case 6: return {uint8_t(REPORT_PORT | roll(chance(90) ? PORTS : 16)), uint8_t(roll(2))};
    case 7: return {uint8_t(REPORT_ANALOG | roll(16)), uint8_t(chance(20))};
    case 8: return {uint8_t(ANALOG | roll(16)), uint8_t(roll(128)), uint8_t(roll(chance(70) ? 12 : 128))};
    case 9: return {chance(90) ? uint8_t(VERSION) : uint8_t(SYSTEM_RESET)};
    case 10: return sysex({PIN_STATE_QUERY, pin()});
    case 11: return sysex({EXTENDED_ANALOG, pin(), uint8_t(roll(128)), uint8_t(roll(chance(70) ? 2 : 16))});
    case 12: {
        Bytes bytes = sysex({SERVO_CONFIG, pin()});
        put_number(bytes, chance(80) ? 544 : roll(1 << 14), 2);
        put_number(bytes, chance(80) ? 2400 : roll(1 << 14), 2);
        return bytes;
    }
    case 13: {
        if (chance(30))
            return sysex({I2C_CONFIG, uint8_t(roll(128)), 0});
        Bytes bytes = sysex({I2C_REQUEST, uint8_t(roll(128)), uint8_t(roll(chance(90) ? 4 : 16) << 3)});
        for (uint32_t n = roll(5); n--;)
            put_number(bytes, roll(chance(80) ? 34 : 256), 2);
        return bytes;
    }
    case 14: {
        Bytes bytes = sysex({ENCODER, uint8_t(roll(chance(95) ? 6 : 128)), uint8_t(roll(chance(90) ? ENCODERS : 128))});
        bytes.push_back(pin());
        bytes.push_back(pin());
        return bytes;
    }
    default: {
        Bytes bytes = sysex({QUERIES[roll(sizeof QUERIES)]});
        for (uint32_t n = roll(3); n--;)
            bytes.push_back(roll(128));
        return bytes;
    }
    }
}

Bytes Mutator::valid_message()
{
    uint32_t kind = roll(10);
    Bytes bytes = kind < 4 ? stepper_message() : kind < 7 ? feature_message() : core_message();
    if (bytes[0] == BEGIN_SYSEX)
        bytes.push_back(END_SYSEX);
    return bytes;
}

void Mutator::corrupt(Bytes& bytes)
{
    switch (roll(8)) {
    case 0:  // one byte is replaced
        bytes[roll(bytes.size())] = roll(256);
        break;
    case 1:  // one bit is flipped
        bytes[roll(bytes.size())] ^= 1 << roll(8);
        break;
    case 2:  // cut short
        bytes.resize(roll(bytes.size()) + 1);
        break;
    case 3:  // oversized
        for (uint32_t n = 1 + roll(100); n--;)
            bytes.insert(bytes.begin() + 1 + roll(bytes.size()), roll(128));
        break;
    case 4:  // another one begins in the middle
        bytes.resize(roll(bytes.size()) + 1);
        bytes.insert(bytes.end(), previous.begin(), previous.end());
        break;
    case 5:  // a byte is lost
        bytes.erase(bytes.begin() + roll(bytes.size()));
        break;
    case 6: {  // garbage
        bytes.clear();
        for (uint32_t n = 1 + roll(20); n--;)
            bytes.push_back(roll(256));
        break;
    }
    default:  // sent twice
        bytes.insert(bytes.end(), bytes.begin(), bytes.end());
    }
}

// A machine as in a cell: three axes with switches, a fourth without a driver, groups, an output with limits, I2C.
void Mutator::queue_scene()
{
    auto add = [this](Bytes bytes) {
        if (bytes[0] == BEGIN_SYSEX)
            bytes.push_back(END_SYSEX);
        queued.insert(queued.begin(), bytes);
    };
    add({END_SYSEX});
    add({SYSTEM_RESET});
    add(sysex({STOP, 3}));
    add(sysex({STOP, 1}));
    for (uint8_t device = 0; device < 4; device++) {
        if (chance(30))
            continue;
        uint8_t first = 2 + 2 * device;
        Bytes bytes = device < 3 ? sysex({ACCELSTEPPER, 0, device, 0x10, first, uint8_t(first + 1), uint8_t(roll(4))})
                                 : sysex({ACCELSTEPPER, 0, device, uint8_t(0x40 | roll(2) << 1), 14, 15, 16, 17, 0});
        if (device == 1 && chance(50))
            bytes = sysex({ACCELSTEPPER, 0, device, 0x11, first, uint8_t(first + 1), 12, 0x10});
        add(bytes);
        Bytes speed = sysex({ACCELSTEPPER, 9, device}), acceleration = sysex({ACCELSTEPPER, 8, device});
        put_float(speed, 100 + roll(device < 3 ? 15000 : 900), 0);
        put_float(acceleration, chance(20) ? 0 : 100 + roll(60000), 0);
        add(speed);
        add(acceleration);
        uint8_t low = 8 + (device & 1) * 2;
        if (device < 2 && chance(80))
            add(sysex({ACCELSTEPPER, 7, device, low, uint8_t(chance(80)), uint8_t(low + 1), uint8_t(chance(80))}));
    }
    add(sysex({ACCELSTEPPER, 0x20, 0, 0, 1}));
    add(sysex({ACCELSTEPPER, 0x20, 1, 2, 0, 1}));
    add(sysex({OUTPUT_LIMITS, 13, uint8_t(roll(2)), uint8_t(roll(60)), 0, 0, uint8_t(roll(101))}));
    if (chance(50))
        add(sysex({I2C_CONFIG, uint8_t(roll(128)), 0}));
    if (chance(50))
        add(sysex({ENCODER, 0, 0, 2, 3}));
    if (chance(50))
        add(sysex({CONVERTER, 0, 0, 8, 9, uint8_t(1 + roll(3))}));
    for (uint8_t pin = 3; pin < 12; pin++)
        if (chance(10))
            add({PIN_MODE, pin, uint8_t(chance(50) ? 3 : 4)});
}

Bytes Mutator::next()
{
    if (!queued.empty()) {
        previous = queued.back();
        queued.pop_back();
        return previous;
    }
    if (roll(150) == 0)
        queue_scene();
    if (chance(4))
        return sysex({STOP, 1, END_SYSEX});
    Bytes bytes = valid_message();
    if (chance(25))
        corrupt(bytes);
    if (chance(2))  // the largest numbers
        for (size_t at = bytes.size() / 2; at + 1 < bytes.size(); at++)
            bytes[at] = 0x7F;
    previous = bytes;
    return bytes;
}

uint32_t Mutator::pause()
{
    if (chance(70))
        return 0;
    return roll(chance(90) ? 4 * TICKS_PER_MS : chance(90) ? 60 * TICKS_PER_MS : 600 * TICKS_PER_MS);
}
