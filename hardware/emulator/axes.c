/* Stepper drivers on the pins of an emulated chip. Each counts the position of its axis as a driver does, in the chip's
 * own time, so that no step needs the caller, and sets the trip points of the axis at the exact step. */
#include "chip.h"

#include <stdlib.h>
#include <string.h>

static void keep_minimum(uint64_t *minimum, uint64_t cycles)
{
    if (cycles < *minimum)
        *minimum = cycles;
}

static void set_trip_inputs(struct axis *axis)
{
    for (int i = 0; i < axis->trip_count; i++) {
        struct trip_point *trip = &axis->trips[i];
        struct pin *pin = &axis->step->chip->pins[trip->port][trip->bit];
        hold_pin(pin, axis->seen.position <= trip->at ? trip->level : !trip->level);
    }
}

static void make_step(struct axis *axis, uint64_t cycle)
{
    struct axis_view *seen = &axis->seen;
    int64_t before = seen->position;
    seen->position += axis->dir->level == axis->forward ? 1 : -1;
    if (seen->steps)
        keep_minimum(&seen->min_interval, cycle - seen->last_step);
    if (axis->turned)
        keep_minimum(&seen->min_set_up, cycle - axis->turned);
    seen->steps++;
    seen->last_step = cycle;
    if (axis->logged < axis->log_room)
        axis->log[axis->logged++] = (struct step){cycle, seen->position};
    for (int i = 0; i < axis->trip_count; i++)
        if ((before <= axis->trips[i].at) != (seen->position <= axis->trips[i].at)) {
            set_trip_inputs(axis);
            break;
        }
}

void axis_on_step_pin(struct axis *axis, uint64_t cycle)
{
    int level = axis->step->level;
    if (level) {
        if (axis->fell)
            keep_minimum(&axis->seen.min_low, cycle - axis->fell);
        axis->rose = cycle;
    } else {
        if (axis->rose)
            keep_minimum(&axis->seen.min_high, cycle - axis->rose);
        axis->fell = cycle;
    }
    if (level == axis->active)
        make_step(axis, cycle);
}

void axis_on_dir_pin(struct axis *axis, uint64_t cycle)
{
    axis->turned = cycle;
}

/* A driver on two pins. forward: the level of the direction pin at which it counts up; active: the level that the step
 * pin changes to as a step is made. Returns its number, or -1 if there is no room. */
int axis_new(struct chip *chip, int step_port, int step_bit, int dir_port, int dir_bit, int forward, int active)
{
    if (chip->axis_count == MAX_AXES)
        return -1;
    struct axis *axis = &chip->axes[chip->axis_count];
    *axis = (struct axis){.forward = forward, .active = active};
    axis->seen = (struct axis_view){0, 0, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    axis->step = &chip->pins[step_port][step_bit];
    axis->dir = &chip->pins[dir_port][dir_bit];
    axis->step->steps = axis->dir->turns = axis;
    return chip->axis_count++;
}

void axis_see(const struct chip *chip, int number, struct axis_view *view)
{
    *view = chip->axes[number].seen;
}

/* Sets the position of the axis. */
void axis_place(struct chip *chip, int number, int64_t position)
{
    chip->axes[number].seen.position = position;
    set_trip_inputs(&chip->axes[number]);
}

/* A switch on the axis: its pin is at `level` while the axis is at or below `at`. Returns 0, or -1 without room. */
int axis_trip(struct chip *chip, int number, int64_t at, int port, int bit, int level)
{
    struct axis *axis = &chip->axes[number];
    if (axis->trip_count == MAX_TRIP_POINTS)
        return -1;
    axis->trips[axis->trip_count++] = (struct trip_point){at, port, bit, level};
    set_trip_inputs(axis);
    return 0;
}

/* Logs the cycle and position of the next `room` steps, and drops those logged before; 0 logs none. */
void axis_log(struct chip *chip, int number, size_t room)
{
    struct axis *axis = &chip->axes[number];
    axis->log = realloc(axis->log, (room ? room : 1) * sizeof *axis->log);
    axis->log_room = room;
    axis->logged = 0;
}

size_t axis_logged(const struct chip *chip, int number)
{
    return chip->axes[number].logged;
}

void axis_read_log(const struct chip *chip, int number, struct step *steps)
{
    memcpy(steps, chip->axes[number].log, chip->axes[number].logged * sizeof *steps);
}
