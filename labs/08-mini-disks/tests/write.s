# Written, read back by another program, and read back by the same one.
.include "lab.inc"
        .globl  _start
_start: li      s0, 0x8000
        li      t0, 0x12345678
        sw      t0, 0(s0)
        sw      t0, 508(s0)
        go      out
        go      back
        go      both
done:   j       done
        .align  8
out:    entry   7 | CHAIN, 4, where
        entry   1, 512, 0x8000
back:   entry   7 | CHAIN, 4, where
        entry   2, 512, 0xa000
both:   entry   7 | CHAIN, 4, other
        entry   1 | CHAIN, 512, 0x8000
        entry   7 | CHAIN, 4, other
        entry   2, 512, 0xb000
where:  .word   63
other:  .word   5
