# fetch: asks the network for a file, block by block, and prints it. See serve.
#
# Any frame may be lost, so a question without an answer in time is asked again; and an
# answer may come twice, so one that is not to the last question does not count.

.include "pg32.inc"
.equ NUMBER,   FRAME_DATA               # of the block: in a request and in an answer
.equ TEXT,     FRAME_DATA + 4
.equ PATIENCE, 50000                    # ticks to wait for an answer
.equ TRIES,    8

        .globl  _start
_start:
        li      t0, LINE_NETWORK | LINE_TIMER
        mtcr    imask, t0               # these wake wfi; IE is off: no handlers
        la      s0, request
        la      s1, reply
        dev_in  t0, NET_STATION
        la      a0, none
        beqz    t0, say
        sw      t0, FRAME_FROM(s0)
        dev_out s0, NET_SEND_AT
        li      t0, TEXT                # a request has no text
        dev_out t0, NET_SEND_LENGTH
        dev_out s1, NET_RECEIVE_AT
        li      gp, 0                   # gp: questions asked
listen: li      t0, NET_RECEIVE
        dev_out t0, NET_COMMAND
next:   li      tp, TRIES
ask:    la      a0, silent
        beqz    tp, say
        addi    tp, tp, -1
        addi    gp, gp, 1
        li      t0, NET_SEND
        dev_out t0, NET_COMMAND
        li      t0, PATIENCE
        mtcr    timer, t0
wait:   mtcr    ipend, zero
        dev_in  t0, NET_STATUS
        andi    t0, t0, NET_SENDING | NET_RECEIVING
        beqz    t0, heard               # what is being sent must not change either
        mfcr    t0, timer
        beqz    t0, ask                 # no answer in time
        wfi
        j       wait

heard:  dev_in  t2, NET_RECEIVED
        li      t0, NET_RECEIVE         # the buffer is free again when a frame …
        lw      t1, NUMBER(s1)
        lw      a0, NUMBER(s0)
        beq     t1, a0, 1f
        dev_out t0, NET_COMMAND         # … that answers another question has been looked at
        j       wait
1:      lw      t1, FRAME_FROM(s1)      # from now on only who has answered is asked
        sw      t1, FRAME_TO(s0)
        addi    a0, a0, 1
        sw      a0, NUMBER(s0)
        add     t2, s1, t2              # t2: where the text ends
        addi    s1, s1, TEXT
        beq     s1, t2, done            # none: that was the end
2:      lbu     t0, 0(s1)
        dev_out t0, CONSOLE_DATA
        addi    s1, s1, 1
        bltu    s1, t2, 2b
        la      s1, reply
        j       listen

done:   li      t1, 10                  # "asked 08 times", two digits
        divu    t0, gp, t1
        remu    t1, gp, t1
        la      a0, asked
        addi    t0, t0, '0'
        sb      t0, 6(a0)
        addi    t1, t1, '0'
        sb      t1, 7(a0)
say:    lbu     t0, 0(a0)
        beqz    t0, 3f
        dev_out t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
3:      halt

        .data
asked:  .asciz  "asked 00 times\n"
none:   .asciz  "no network here\n"
silent: .asciz  "nobody answers\n"
        .align  4
request:
        .word   FRAME_TO_ALL, 0, 0      # who has the file? for whom, from whom, block 0
        .bss
        .align  4
reply:  .space  FRAME_MAX
