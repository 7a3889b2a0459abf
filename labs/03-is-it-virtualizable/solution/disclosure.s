# rdtick shows the time: on a bare machine exactly one tick after the other.
.include "pg32.inc"

        .globl  _start
_start: la      sp, stack
        mfcr    t1, tick
        rdtick  t0
        sub     t0, t0, t1
        addi    t0, t0, -1

        # t0: 0 on a bare machine
        la      a0, bare
        beqz    t0, say
        la      a0, virtual
say:    lbu     t1, 0(a0)
        beqz    t1, 1f
        out     t1, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
1:      halt

        .data
bare:   .asciz  "bare\n"
virtual: .asciz "virtual\n"
        .bss
        .align  4
        .space  64
stack:
