# timer: ten interrupts of the interval timer, a thousand ticks apart.
#
# Prints how many turns of a loop fit in between.

.include "pg32.inc"
.equ PERIOD, 1000

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0               # no other interrupts
        li      s0, 10                  # s0: interrupts still to come
        li      s1, 0                   # s1: turns of the loop since the last
        li      t0, PERIOD
        mtcr    timer, t0
        sti
work:   addi    s1, s1, 1
        j       work

# The handler may use a and t registers freely: the loop has only s1.
on_timer:
        li      t0, PERIOD              # the timer runs once; wind it up again
        mtcr    timer, t0
        li      t1, 100                 # print s1, which has three digits
        li      t2, 10
1:      divu    a0, s1, t1
        remu    a0, a0, t2
        addi    a0, a0, '0'
        out     a0, CONSOLE_DATA
        divu    t1, t1, t2
        bnez    t1, 1b
        out     t2, CONSOLE_DATA        # 10 is a new line
        li      s1, 0
        addi    s0, s0, -1
        beqz    s0, 2f
        rfe                             # back to the loop, interrupts on again
2:      halt

        .data
        .align  4
vectors:
        .space  4 * CAUSE_TIMER
        .word   on_timer
