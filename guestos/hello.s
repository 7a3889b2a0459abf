# hello: the smallest guest; prints a line and stops.

.include "pg32.inc"

        .globl  _start
_start:                                 # reset: mode 0, interrupts and translation off
        la      t0, text
1:      lbu     t1, 0(t0)
        beqz    t1, 2f
        out     t1, CONSOLE_DATA
        addi    t0, t0, 1
        j       1b
2:      halt

        .data
text:   .asciz  "Hello from PG32\n"
