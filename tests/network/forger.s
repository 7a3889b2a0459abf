# Says that it is station 2, which station 1 trusts; then asks for lengths and places that
# no frame has, and gives its own vectors and its own code as buffers.
.include "pg32.inc"
        .globl  _start
_start:
        la      s0, frame
        dev_out s0, NET_SEND_AT
        li      t0, 16
        dev_out t0, NET_SEND_LENGTH
        li      s1, 40
1:      call    send
        addi    s1, s1, -1
        bnez    s1, 1b
        li      t0, -1
        dev_out t0, NET_SEND_LENGTH
        call    send
        li      t0, FRAME_MAX + 1
        dev_out t0, NET_SEND_LENGTH
        call    send
        li      t0, FRAME_MAX
        dev_out t0, NET_SEND_LENGTH
        li      t0, 0xfffc              # beyond the end of 64K
        dev_out t0, NET_SEND_AT
        call    send
        li      t0, 0x30000             # where a neighbour lies in the real machine
        dev_out t0, NET_SEND_AT
        call    send
        dev_out t0, NET_RECEIVE_AT
        li      t0, NET_RECEIVE
        dev_out t0, NET_COMMAND
2:      dev_in  t0, NET_STATUS
        andi    t1, t0, NET_RECEIVING
        bnez    t1, 2b
        li      t1, 0x220               # address errors, both
        la      a0, bad
        bne     t0, t1, 3f
        la      a0, good
3:      lbu     t0, 0(a0)
        beqz    t0, 4f
        dev_out t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       3b
4:      la      t0, _start              # the next frame comes over what is executed
        dev_out t0, NET_RECEIVE_AT
        li      t0, NET_RECEIVE
        dev_out t0, NET_COMMAND
5:      j       5b

send:   li      t1, NET_SEND
        dev_out t1, NET_COMMAND
1:      dev_in  t1, NET_STATUS
        andi    t1, t1, NET_SENDING
        bnez    t1, 1b
        ret

        .data
good:   .asciz  "refused\n"
bad:    .asciz  "NOT refused\n"
        .align  4
frame:  .word   1, 2, 0x6b636168, 0
