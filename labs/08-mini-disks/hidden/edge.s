# The last bytes of storage, the first, and the vector table; programs that lie at the end.
.include "../tests/lab.inc"
        .globl  _start
_start: li      s0, 0x100000 - 8
        li      t0, 2 | 512 << 16
        sw      t0, 0(s0)
        li      t0, 0x100000 - 512
        sw      t0, 4(s0)
        go      0xffff8
        go      0x100000
        go      0xfffffff8
        go      table
done:   j       done
        .align  8
table:  entry   2, 512, 0
