# One sector, from the beginning of the disk and from elsewhere.
.include "lab.inc"
        .globl  _start
_start: go      first
        go      second
done:   j       done
        .align  8
first:  entry   2, 512, 0x8000
second: entry   7 | CHAIN, 4, where
        entry   2, 1024, 0x9000
where:  .word   9
