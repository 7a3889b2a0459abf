# A way out: what an interrupt does to the mode of a user program.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
.equ USER, 0x8000               # where address 0 of this program lies
_start: sys     0                       # To do.

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
