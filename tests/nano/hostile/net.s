# Sends and receives with good and wicked registers, with the timer in between: what the
# network's registers say, each time that something happens.
.include "pg32.inc"
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        li      s0, 60                  # commands to come
        li      s1, 0x1000
        la      gp, buffer
        in      a0, NET_STATION
        call    digit
        sti
1:      out     gp, NET_SEND_AT
        out     s1, NET_SEND_LENGTH
        out     gp, NET_RECEIVE_AT
        andi    a1, s0, 3
        out     a1, NET_COMMAND
        srli    a2, s0, 2
        andi    a2, a2, 3
        out     a2, NET_COMMAND
        in      a0, NET_STATUS
        call    digit
        slli    a2, s0, 4
        mtcr    timer, a2
        li      a2, 40
2:      addi    a2, a2, -1
        bnez    a2, 2b
        slli    gp, gp, 1
        srli    s1, s1, 1
        addi    s0, s0, -1
        beqz    s0, 9f
        andi    a2, s0, 7
        bnez    a2, 1b
        wfi
        j       1b
9:      in      a0, NET_SEND_AT
        call    digit
        in      a0, NET_DROPPED
        call    digit
        halt

digit:  srli    a3, a0, 4
        xor     a0, a0, a3
        srli    a3, a3, 4
        xor     a0, a0, a3
        andi    a0, a0, 15
        addi    a0, a0, 'a'
        out     a0, CONSOLE_DATA
        ret

on_interrupt:
        mv      tp, a0
        mv      t2, a3
        mfcr    a0, cause
        addi    a0, a0, '0' - CAUSE_TIMER
        out     a0, CONSOLE_DATA
        in      a0, NET_STATUS
        mv      t1, ra
        call    digit
        mv      ra, t1
        mv      a0, tp
        mv      a3, t2
        rfe
        .data
        .align  4
vectors: .space 4 * CAUSE_TIMER
        .rept   5
        .word   on_interrupt
        .endr
buffer: .space  1024
