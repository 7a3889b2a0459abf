# The handler of every trap traps: the machine never does anything else again.
.include "pg32.inc"
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
again:  .word   0
        .data
        .align  4
vectors: .rept  CAUSE_COUNT
        .word   again
        .endr
