# serve: answers those who ask, over the network, for a file of its own. See fetch.
#
# A request is the number of a block; the answer is the number again, and the block. One
# that is empty is the end. Whoever loses an answer asks again: serve remembers nobody.

.include "pg32.inc"
.equ BLOCK,    32                       # bytes of the file in a frame
.equ NUMBER,   FRAME_DATA               # of the block: in a request and in an answer
.equ TEXT,     FRAME_DATA + 4
.equ PATIENCE, 1000000                  # ticks without a request, after which it goes home

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        dev_in  s0, NET_STATION         # s0: who we are
        la      a0, none
        beqz    s0, say
        la      s1, frame               # s1: the frame, in and out
        dev_out s1, NET_SEND_AT
        dev_out s1, NET_RECEIVE_AT
        call    listen
        sti
1:      wfi
        j       1b

# A frame is here, or an answer has gone. The next is not taken before both are so: it
# would overwrite what is being sent.
on_network:
        dev_in  t0, NET_STATUS
        andi    t0, t0, NET_SENDING | NET_RECEIVING
        bnez    t0, 2f
        bnez    tp, 1f                  # tp: an answer is on its way
        call    answer
2:      rfe
1:      li      tp, 0
        call    listen
        rfe

listen: li      t0, NET_RECEIVE
        dev_out t0, NET_COMMAND
        li      t0, PATIENCE
        mtcr    timer, t0
        ret

answer: lw      t0, FRAME_FROM(s1)      # back to whom it came from
        sw      t0, FRAME_TO(s1)
        sw      s0, FRAME_FROM(s1)
        lw      t0, NUMBER(s1)
        slli    t0, t0, 5               # where the block begins: times BLOCK …
        li      t1, 0                   # t1: its length
        li      t2, file_end - file
        bgeu    t0, t2, 3f              # … beyond the end there is nothing
        sub     t2, t2, t0              # what is left of the file
        la      a0, file
        add     a0, a0, t0
1:      add     a1, s1, t1              # a block, or less if the file ends
        lbu     a2, 0(a0)
        sb      a2, TEXT(a1)
        addi    a0, a0, 1
        addi    t1, t1, 1
        li      a1, BLOCK
        beq     t1, a1, 3f
        bltu    t1, t2, 1b
3:      addi    t1, t1, TEXT
        dev_out t1, NET_SEND_LENGTH
        li      t0, NET_SEND
        dev_out t0, NET_COMMAND
        li      tp, 1
        ret

on_timer:
        la      a0, closed
say:    lbu     t0, 0(a0)
        beqz    t0, 1f
        dev_out t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
1:      halt

        .data
        .align  4
vectors:
        .space  4 * CAUSE_TIMER
        .word   on_timer
        .space  4 * (CAUSE_NETWORK - CAUSE_TIMER - 1)
        .word   on_network
none:   .asciz  "no network here\n"
closed: .asciz  "nobody asks any more\n"
file:   .ascii  "A virtual machine is taken to be an efficient, isolated\n"
        .ascii  "duplicate of the real machine. It talks to others as they do:\n"
        .ascii  "by what it sends, and to nobody by what they share.\n"
file_end:
        .bss
        .align  4
frame:  .space  FRAME_MAX
