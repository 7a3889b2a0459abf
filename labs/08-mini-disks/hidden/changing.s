# A program that is changed while it is under way: what was started is what was there then.
.include "../tests/lab.inc"
        .globl  _start
_start: li      t0, program + 1
        sio     a0, t0
        la      t1, where
        sw      zero, 0(t1)
        la      t1, read
        li      t0, 0x40000000
        sw      t0, 4(t1)
busy:   li      t0, 1
        tio     a1, t0
        andi    t1, a1, 3
        li      t2, 2
        beq     t1, t2, busy
        go      itself
done:   j       done
        .align  8
program:
        entry   7 | CHAIN, 4, where
read:   entry   2, 512, 0x8000
where:  .word   7
# It reads a sector over its own second command.
        .align  8
itself: entry   7 | CHAIN, 4, where
        entry   2 | CHAIN, 512, itself
        entry   7 | CHAIN, 4, where
        entry   2, 512, 0x9000
