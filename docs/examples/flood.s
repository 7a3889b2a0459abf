# flood: sends frames to everybody as fast as it can, 1,000 of them, and never listens.
.include "pg32.inc"
        .globl  _start
_start:
        la      s0, frame
        in      t0, NET_STATION
        sw      t0, FRAME_FROM(s0)
        out     s0, NET_SEND_AT
        li      t0, FRAME_DATA + 4
        out     t0, NET_SEND_LENGTH
        li      s1, 1000
1:      li      t0, NET_SEND
        out     t0, NET_COMMAND
2:      in      t0, NET_STATUS
        andi    t0, t0, NET_SENDING
        bnez    t0, 2b
        addi    s1, s1, -1
        bnez    s1, 1b
        halt

        .data
        .align  4
frame:  .word   FRAME_TO_ALL, 0, 0
