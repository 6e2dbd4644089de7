/* Stepper drivers on the pins of an emulated chip: each counts its axis's position as a driver does, in the chip's own
 * time, so that no step needs its caller; and closes the switches on the axis at the very step. */
#include "chip.h"

#include <stdlib.h>
#include <string.h>

static void note_least(uint64_t *least, uint64_t cycles)
{
    if (cycles < *least)
        *least = cycles;
}

static void show_trip_points(struct axis *axis)
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
        note_least(&seen->least_interval, cycle - seen->last_step);
    if (axis->turned)
        note_least(&seen->least_set_up, cycle - axis->turned);
    seen->steps++;
    seen->last_step = cycle;
    if (axis->logged < axis->log_room)
        axis->log[axis->logged++] = (struct step){cycle, seen->position};
    for (int i = 0; i < axis->trip_count; i++)
        if ((before <= axis->trips[i].at) != (seen->position <= axis->trips[i].at)) {
            show_trip_points(axis);
            break;
        }
}

void axis_on_step_pin(struct axis *axis, uint64_t cycle)
{
    int level = axis->step->level;
    if (level) {
        if (axis->fell)
            note_least(&axis->seen.least_low, cycle - axis->fell);
        axis->rose = cycle;
    } else {
        if (axis->rose)
            note_least(&axis->seen.least_high, cycle - axis->rose);
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
 * pin changes to as a step is made. Returns its number, or -1 where there is no room. */
int axis_new(struct chip *chip, int step_port, int step_bit, int dir_port, int dir_bit, int forward, int active)
{
    if (chip->axis_count == MOST_AXES)
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

/* Puts the axis somewhere by hand. */
void axis_place(struct chip *chip, int number, int64_t position)
{
    chip->axes[number].seen.position = position;
    show_trip_points(&chip->axes[number]);
}

/* A switch on the axis: its pin is at `level` while the axis stands at or below `at`. Returns 0, or -1 without room. */
int axis_trip(struct chip *chip, int number, int64_t at, int port, int bit, int level)
{
    struct axis *axis = &chip->axes[number];
    if (axis->trip_count == MOST_TRIP_POINTS)
        return -1;
    axis->trips[axis->trip_count++] = (struct trip_point){at, port, bit, level};
    show_trip_points(axis);
    return 0;
}

/* Keeps the cycle and position of the next `room` steps, and forgets those kept before; 0 keeps none. */
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
