# A timer so far ahead that it seems to be in the past: until then the processor is ours.
.include "pg32.inc"
        .globl  _start
_start: li      t0, 0x80001000
        mtcr    timer, t0
1:      addi    s0, s0, 1
        j       1b
