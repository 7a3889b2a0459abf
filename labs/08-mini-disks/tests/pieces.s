# Data chaining: one command, its storage in pieces of any length; commands one after another.
.include "lab.inc"
        .globl  _start
_start: go      scatter
        go      gather
        go      scatter
done:   j       done
        .align  8
scatter:
        entry   7 | CHAIN, 4, where
        entry   2 | MORE, 100, 0x8001
        entry   0 | MORE, 1, 0x9000
        entry   0, 923, 0xa003
gather: entry   7 | CHAIN, 4, where
        entry   1 | MORE, 512, 0x1000
        entry   0 | CHAIN, 512, 0x8000
        entry   3, 1, 0
where:  .word   30
