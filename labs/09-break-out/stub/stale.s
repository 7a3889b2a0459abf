# A way out: BASE and BOUND, changed.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
_start: halt                            # To do.

# The word in a0, as eight digits and a newline, and the end.
tell:   li      t2, 8
1:      srli    t0, a0, 28
        slli    a0, a0, 4
        addi    t0, t0, '0'
        li      t1, '9' + 1
        blt     t0, t1, 2f
        addi    t0, t0, 'a' - '9' - 1
2:      out     t0, CONSOLE_DATA
        addi    t2, t2, -1
        bnez    t2, 1b
        li      t0, '\n'
        out     t0, CONSOLE_DATA
        halt
