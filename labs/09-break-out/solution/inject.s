# After an interrupt the kernel returns to us in its own mode.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
.equ USER, 0x8000
_start: li      t0, 3000
1:      addi    t0, t0, -1
        bnez    t0, 1b
        li      t0, USER + inside
        mtcr    epc, t0
        mtcr    epsw, zero
        rfe
# In mode 0, by physical addresses: the kernel's storage.
inside: li      t0, 0x2000
        li      t1, USER
        li      t2, MARK
1:      lw      a0, 0(t0)
        addi    t0, t0, 4
        beq     a0, t2, found
        bltu    t0, t1, 1b
        halt
found:  lw      a0, 0(t0)

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
