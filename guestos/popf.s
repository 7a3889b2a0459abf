# popf: the whole trouble with x86, in fifty lines.
#
# This guest saves the flags with interrupts on, turns interrupts off, restores the flags,
# and so has interrupts on again. Then it works for a while with the timer set.
# Bare: the timer comes. In a virtual machine on x86: popf is executed in user
# mode, where it leaves IE alone and does not trap. The monitor, which was told
# of the cli, is not told of this, and goes on believing that IE is off.

.include "pg32.inc"

        .globl  _start
_start:
        la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0               # keys typed meanwhile shall not matter
        li      t0, 1000
        mtcr    timer, t0               # an interrupt in 1000 ticks
        sti

        pushf                           # IE on
        cli                             # IE off
        popf                            # IE on again, if popf does its work

        li      t0, 5000
1:      addi    t0, t0, -1
        bnez    t0, 1b
        la      a0, wrong               # the loop ran to its end undisturbed
        j       say

on_timer:
        la      a0, right
say:    lbu     t0, 0(a0)
        beqz    t0, 2f
        out     t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
2:      halt

        .data
right:  .asciz  "the timer came: popf has restored IE\n"
wrong:  .asciz  "no timer: popf has not restored IE\n"
        .align  4
vectors:
        .space  4 * CAUSE_TIMER
        .word   on_timer

        .bss
        .align  4
        .space  64
stack:
