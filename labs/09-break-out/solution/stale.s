# The room behind BASE 0 is all of storage. With the same BOUND it is remembered for BASE 0xf000,
# behind which there is only a page of ours.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
_start: la      t0, none
        sw      t0, 4 * CAUSE_BOUNDS(zero)
        sw      t0, 4 * CAUSE_BUS(zero)
        li      t0, 0x10000
        mtcr    bound, t0
        mtcr    base, zero
        li      t0, PSW_TE
        mtcr    psw, t0
        nop                             # one instruction by that map
        mtcr    psw, zero
        li      t0, 0xf000
        mtcr    base, t0
        mtcr    epc, zero               # of the page
        li      t0, PSW_TE
        mtcr    epsw, t0
        rfe
none:   halt

        .org    0xf000
        li      t0, 0x1000              # the first word that is not ours
        li      t1, 0x1800
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
