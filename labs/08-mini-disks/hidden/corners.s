# Programs that are right but for the last detail, and nothing of them is done.
.include "../tests/lab.inc"
        .globl  _start
_start: go      seek_more
        go      seek_far
        go      seek_long
        go      leap
        go      nop_more
        li      t0, seek_console        # unit 0
        sio     a0, t0
        tio     a1, zero
        li      t0, long_text
        sio     a0, t0
        tio     a1, zero
        li      t0, text
        sio     a0, t0
        tio     a1, zero
done:   j       done
        .align  8
seek_more:
        entry   1 | CHAIN, 512, 0x1000
        entry   7 | MORE, 4, where
        entry   2, 512, 0x8000
seek_far:
        entry   1 | CHAIN, 512, 0x1000
        entry   7 | CHAIN, 4, 0x100000
        entry   2, 512, 0x8000
seek_long:
        entry   1 | CHAIN, 512, 0x1000
        entry   7 | CHAIN, 4, 0xfffffffc
        entry   2, 512, 0x8000
leap:   entry   1 | CHAIN, 512, 0x1000
        entry   8, 0, last + 4
nop_more:
        entry   3 | MORE, 1, 0
        entry   2, 512, 0x8000
seek_console:
        entry   7, 4, where
long_text:
        entry   1 | CHAIN, 200, 0x1000
        entry   1, 57, 0x1000
text:   entry   1, 2, hi
last:   entry   2, 512, 0x8000
where:  .word   2
hi:     .asciz  "hi"
