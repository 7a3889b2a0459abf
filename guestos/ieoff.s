# ieoff: why cli must not work in user mode.
#
# The kernel starts the timer and then a user program, which turns interrupts off
# and never ends. Where cli is a privileged instruction, it traps, and the kernel
# has the last word. On a machine whose cli works in every mode, the timer is not
# heard of again: the kernel has lost the processor, and so would a monitor under
# it, whose timer this is in truth.

.include "pg32.inc"

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0               # no other interrupts
        mtcr    base, zero
        lui     t0, 16                  # 64 KiB from physical 0 on: pc stays as it is
        mtcr    bound, t0
        li      t0, 5000
        mtcr    timer, t0
        li      t0, PSW_USER | PSW_IE | PSW_TE
        mtcr    epsw, t0
        la      t0, user
        mtcr    epc, t0
        rfe

user:   cli
        j       .

on_privileged:
        la      a0, trapped
        j       say
on_timer:
        la      a0, timed_out
say:    lbu     t0, 0(a0)
        beqz    t0, 1f
        out     t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
1:      halt

        .data
vectors: .word  0, on_privileged
        .space  4 * (CAUSE_TIMER - 2)
        .word   on_timer
trapped: .asciz "cli trapped: the user program stays under control\n"
timed_out: .asciz "the timer came: the user program's time is up\n"
