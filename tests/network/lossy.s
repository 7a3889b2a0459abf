# A server like serve that answers only each third question, and then twice: what is lost
# must be asked again, and what comes twice count once.
.include "pg32.inc"
.equ NUMBER, FRAME_DATA
        .globl  _start
_start:
        dev_in  s0, NET_STATION
        la      s1, frame
        dev_out s1, NET_SEND_AT
        dev_out s1, NET_RECEIVE_AT
        li      gp, 0
next:   li      t0, NET_RECEIVE
        dev_out t0, NET_COMMAND
1:      mtcr    ipend, zero
        dev_in  t0, NET_STATUS
        andi    t0, t0, NET_RECEIVING
        beqz    t0, 2f
        wfi
        j       1b
2:      addi    gp, gp, 1
        li      t0, 3
        remu    t0, gp, t0
        bnez    t0, next
        lw      t0, FRAME_FROM(s1)
        sw      t0, FRAME_TO(s1)
        sw      s0, FRAME_FROM(s1)
        lw      t0, NUMBER(s1)
        addi    t1, t0, 'a'             # blocks "a" to "d", of one byte
        sb      t1, NUMBER+4(s1)
        li      t1, 4
        sltu    t1, t0, t1
        addi    t1, t1, NUMBER+4
        dev_out t1, NET_SEND_LENGTH
        li      tp, 2
3:      li      t0, NET_SEND
        dev_out t0, NET_COMMAND
4:      mtcr    ipend, zero
        dev_in  t0, NET_STATUS
        andi    t0, t0, NET_SENDING
        beqz    t0, 5f
        wfi
        j       4b
5:      addi    tp, tp, -1
        bnez    tp, 3b
        j       next

        .bss
        .align  4
frame:  .space  FRAME_MAX
