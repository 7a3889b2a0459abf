# Timer interrupts as fast as they can come, most of them while the one before is being
# handled; every so often one tick more. The disk's are among them.
.include "pg32.inc"
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        li      s0, 0                   # interrupts so far
        li      s1, 3000                # the last
        li      gp, 0x9e3779b9          # what the interrupts folded to
        li      t0, 1
        out     t0, DISK_COUNT
        lui     t0, 8
        out     t0, DISK_ADDRESS
        li      t0, 1
        mtcr    timer, t0
        sti
work:   addi    tp, tp, 1
        addc    tp, tp, tp
        j       work

on_timer:
        srli    a0, s0, 8
        addi    a0, a0, 1
        mtcr    timer, a0
on_disk:
        mfcr    a0, epc                 # where, and when: all that virtual time is about
        xor     gp, gp, a0
        mfcr    a0, epsw
        add     gp, gp, a0
        rdtick  a0
        slli    a1, gp, 7
        xor     gp, gp, a1
        srli    a1, gp, 9
        add     gp, gp, a1
        xor     gp, gp, a0
        addi    s0, s0, 1
        andi    a0, s0, 63
        bnez    a0, 1f
        li      a0, DISK_READ
        out     a0, DISK_COMMAND
1:      bge     s0, s1, 2f
        rfe
2:      li      a2, 28
3:      srl     a0, gp, a2
        andi    a0, a0, 15
        lbu     a0, digits(a0)
        out     a0, CONSOLE_DATA
        addi    a2, a2, -4
        bgez    a2, 3b
        halt
        .data
        .align  4
vectors: .space 4 * CAUSE_TIMER
        .word   on_timer, on_timer, on_disk
digits: .ascii  "0123456789abcdef"
