// The assembly of the step interrupt, as named blocks. step_interrupt.cpp puts them together; DESIGN.md draws the flow.
//
// Registers, from one end of the interrupt to the other:
//   X        the next entry of active_axes
//   Y        the axis
//   r21      axes left in this pass
//   r25:r24  the time plus the batch window plus 1: an axis is due where its step time less this is negative
//   r23:r22  the shortest wait found in this pass
//   r19:r18  this axis: its step time less r25:r24; otherwise scratch
//   r20      this axis: its step mask; otherwise scratch
//   Z        this axis: its PIN register; otherwise scratch
//   r0, r1   scratch
#pragma once

#define SAVE_REGISTERS                                                                                             \
    "push r18 \n in r18, __SREG__ \n push r18 \n"                                                                  \
    "push r0 \n push r1 \n push r19 \n push r20 \n push r21 \n push r22 \n push r23 \n push r24 \n push r25 \n"    \
    "push r26 \n push r27 \n push r28 \n push r29 \n push r30 \n push r31 \n"

#define RESTORE_REGISTERS_AND_RETURN                                                                               \
    "pop r31 \n pop r30 \n pop r29 \n pop r28 \n pop r27 \n pop r26 \n"                                            \
    "pop r25 \n pop r24 \n pop r23 \n pop r22 \n pop r21 \n pop r20 \n pop r19 \n pop r1 \n pop r0 \n"             \
    "pop r18 \n out __SREG__, r18 \n pop r18 \n reti \n"

#define LABEL(name) #name "%=: \n"
#define GO_TO(name) "rjmp " #name "%= \n"
#define LOAD_16(low, high, address) "lds " #low ", " address " \n lds " #high ", " address "+1 \n"
#define STORE_16(low, high, address) "sts " address "+1, " #high " \n sts " address ", " #low " \n"
#define READ_TIMER(low, high) LOAD_16(low, high, "%[timer]")
#define SET_STEP_COMPARE(low, high) STORE_16(low, high, "%[step_compare]")
#define SET_SYSTICK_COMPARE(low, high) STORE_16(low, high, "%[systick_compare]")
#define LOAD_FIELD(destination, field) "ldd " #destination ", Y+%[" #field "] \n"
#define LOAD_FIELD_16(low, high, field) "ldd " #low ", Y+%[" #field "] \n ldd " #high ", Y+%[" #field "]+1 \n"
#define LOAD_ACTIVE_AXES(low, high) "ldi " #low ", lo8(%[active_axes]) \n ldi " #high ", hi8(%[active_axes]) \n"

// field += addend, one byte of four; the sum stays in `sum`. `add` is the first byte's instruction, `adc` the others'.
#define ADD_BYTE(instruction, sum, field, addend, byte)                                                            \
    "ldd " #sum ", Y+%[" #field "]+" #byte " \n ldd r1, Y+%[" #addend "]+" #byte " \n"                             \
    #instruction " " #sum ", r1 \n std Y+%[" #field "]+" #byte ", " #sum " \n"

// ---- a pass: every active axis once ----

#define BEGIN_PASS                                                                                                 \
    "lds r21, %[active_count] \n tst r21 \n breq disable%= \n"                                                     \
    READ_TIMER(r24, r25) "adiw r24, %[batch_window]+1 \n"                                                          \
    "ldi r22, lo8(%[max_sleep]) \n ldi r23, hi8(%[max_sleep]) \n"                                                  \
    LOAD_ACTIVE_AXES(r26, r27)

#define BRANCH_IF_DUE                                                                                              \
    "ld r28, X+ \n ld r29, X+ \n"                                                                                  \
    "ldd r18, Y+%[next_step_time]+2 \n ldd r19, Y+%[next_step_time]+3 \n"                                          \
    "sub r18, r24 \n sbc r19, r25 \n brmi axis_is_due%= \n"

#define KEEP_SHORTEST_WAIT                                                                                         \
    "cp r18, r22 \n cpc r19, r23 \n brge not_shorter%= \n movw r22, r18 \n"                                        \
    LABEL(not_shorter)

#define REPEAT_FOR_NEXT_AXIS "dec r21 \n brne next_axis%= \n"

// Another pass at once where the shortest wait is over, or nearly.
#define SLEEP_FOR_SHORTEST_WAIT                                                                                    \
    "add r24, r22 \n adc r25, r23 \n" SET_STEP_COMPARE(r24, r25)                                                   \
    READ_TIMER(r18, r19) "sub r24, r18 \n sbc r25, r19 \n"                                                         \
    "sbiw r24, %[min_sleep] \n brmi begin_pass%= \n"

// ---- an axis that is due ----

#define BRANCH_IF_LATE                                                                                             \
    "cpi r18, lo8(%[late_limit]) \n ldi r20, hi8(%[late_limit]) \n cpc r19, r20 \n brlt count_late%= \n"

#define COUNT_LATE_STEP                                                                                            \
    LOAD_16(r18, r19, "%[late_count]") "subi r18, 0xFF \n sbci r19, 0xFF \n"                                       \
    "sts %[late_count], r18 \n sts %[late_count]+1, r19 \n"

#define BRANCH_IF_LIMIT_IS_ACTIVE                                                                                  \
    LOAD_FIELD(r20, limit_mask) "tst r20 \n breq no_limit%= \n"                                                    \
    LOAD_FIELD_16(r30, r31, limit_pin) "ld r18, Z \n" LOAD_FIELD(r19, limit_invert) "eor r18, r19 \n"              \
    "and r18, r20 \n brne call_service%= \n"                                                                       \
    LABEL(no_limit)

// r19:r18 = remaining - 1
#define BRANCH_IF_SEGMENT_ENDS                                                                                     \
    LOAD_FIELD_16(r18, r19, remaining) "subi r18, 1 \n sbci r19, 0 \n breq call_service%= \n"

#define BEGIN_STEP_PULSE LOAD_FIELD_16(r30, r31, step_pin) LOAD_FIELD(r20, active_step_mask) "st Z, r20 \n"
#define END_STEP_PULSE "st Z, r20 \n"
#define STORE_REMAINING "std Y+%[remaining], r18 \n std Y+%[remaining]+1, r19 \n"

// The upper half of the sum stays in r19:r18.
#define NEXT_STEP_TIME_PLUS_INTERVAL                                                                               \
    ADD_BYTE(add, r0, next_step_time, interval, 0)                                                                 \
    ADD_BYTE(adc, r0, next_step_time, interval, 1)                                                                 \
    ADD_BYTE(adc, r18, next_step_time, interval, 2)                                                                \
    ADD_BYTE(adc, r19, next_step_time, interval, 3)

#define INTERVAL_PLUS_ADD                                                                                          \
    ADD_BYTE(add, r0, interval, add, 0)                                                                            \
    ADD_BYTE(adc, r0, interval, add, 1)                                                                            \
    ADD_BYTE(adc, r0, interval, add, 2)                                                                            \
    ADD_BYTE(adc, r0, interval, add, 3)

#define COMPUTE_WAIT "sub r18, r24 \n sbc r19, r25 \n"

// The housekeeping switches the coils.
#define REQUEST_HOUSEKEEPING                                                                                       \
    "ldi r30, 1 \n sts %[plan_requested], r30 \n" READ_TIMER(r30, r31) "adiw r30, 4 \n"                            \
    SET_SYSTICK_COMPARE(r30, r31)                                                                                  \
    LOAD_FIELD_16(r30, r31, step_pin)

// ---- the uncommon case, in C++ ----

// r24 = service_axis(*Y)
#define CALL_SERVICE_AXIS                                                                                          \
    "push r26 \n push r27 \n"                                                                                      \
    "clr r1 \n movw r24, r28 \n call service_axis \n"                                                              \
    "pop r27 \n pop r26 \n"

// The last of the active axes takes the place of the one that X has just passed.
#define REMOVE_ACTIVE_AXIS                                                                                         \
    "lds r18, %[active_count] \n dec r18 \n sts %[active_count], r18 \n"                                           \
    LOAD_ACTIVE_AXES(r30, r31) "clr r19 \n lsl r18 \n add r30, r18 \n adc r31, r19 \n"                             \
    "ld r18, Z \n ldd r19, Z+1 \n st -X, r19 \n st -X, r18 \n"

#define BRANCH_IF_PIN_CHANGE_WAITS "in r18, %[pin_change_flags] \n tst r18 \n brne retrigger%= \n"

#define RETRIGGER READ_TIMER(r24, r25) "adiw r24, %[retrigger_delay] \n" SET_STEP_COMPARE(r24, r25)

// ---- leaving ----

#define DISABLE_STEP_INTERRUPT "lds r18, %[timer_mask] \n andi r18, %[all_but_step] \n sts %[timer_mask], r18 \n"

#define BRANCH_IF_SYSTICK_WAITS "sbic %[timer_flags], %[systick_flag] \n rjmp systick_waits%= \n"

#define YIELD_IF_SYSTICK_IS_STARVED                                                                                \
    READ_TIMER(r24, r25) LOAD_16(r18, r19, "%[systick_compare]")                                                   \
    "movw r22, r24 \n sub r22, r18 \n sbc r23, r19 \n cpi r23, 2 \n brge starved%= \n" GO_TO(return)               \
    LABEL(starved)                                                                                                 \
    "subi r24, lo8(-(%[yield_time])) \n sbci r25, hi8(-(%[yield_time])) \n" SET_STEP_COMPARE(r24, r25)
