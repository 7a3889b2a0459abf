# A way out: where a transfer of the channel begins.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
.equ CHAIN, 0x4000              # another command follows
.macro entry command, count, address
        .word   (\command) | (\count) << 16, \address
.endm
# Starts a program of the disk; a0 = what sio said. And waits for its end.
.macro start program
        li      t0, \program + 1
        sio     a0, t0
.endm
.macro finish
busy\@: li      t0, 1
        tio     t1, t0
        andi    t1, t1, 3
        li      t2, 2
        beq     t1, t2, busy\@
.endm
        .globl  _start
_start: halt                            # To do.

# The word in a0, as eight digits and a newline, and the end.
tell:   li      t2, 8
        la      s0, text
1:      srli    t0, a0, 28
        slli    a0, a0, 4
        addi    t0, t0, '0'
        li      t1, '9' + 1
        blt     t0, t1, 2f
        addi    t0, t0, 'a' - '9' - 1
2:      sb      t0, 0(s0)
        addi    s0, s0, 1
        addi    t2, t2, -1
        bnez    t2, 1b
        la      t0, say
        sio     t1, t0
        halt
text:   .ascii  "........\n"
        .align  8
say:    entry   1, 9, text
