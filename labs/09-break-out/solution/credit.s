# Nearly a quantum long it computes; then it sleeps a moment, and has had nothing.
.include "pg32.inc"
        .globl  _start
_start: li      t0, LINE_TIMER
        mtcr    imask, t0
1:      li      t0, 4500
2:      addi    t0, t0, -1
        bnez    t0, 2b
        li      t0, 20
        mtcr    timer, t0
        wfi
        mtcr    ipend, zero
        j       1b
