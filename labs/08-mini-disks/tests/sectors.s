# Sectors that the mini-disk has not: beside the last one, far away, and round the corner.
# 64 sectors.
.include "lab.inc"
        .globl  _start
_start: go      last
        go      beside
        go      across
        go      nowhere
        go      before
done:   j       done
        .align  8
last:   entry   7 | CHAIN, 4, n63
        entry   2, 512, 0x8000
beside: entry   7 | CHAIN, 4, n64
        entry   2, 512, 0x8000
across: entry   7 | CHAIN, 4, n63
        entry   2, 1024, 0x8000
nowhere:
        entry   7 | CHAIN, 4, big
        entry   1, 512, 0x8000
before: entry   7 | CHAIN, 4, minus
        entry   1, 512, 0x8000
n63:    .word   63
n64:    .word   64
big:    .word   0x10000000
minus:  .word   -1
