# What the channel refuses, and nothing of it is done: each program writes its first sector
# correctly and has its mistake behind that.
.include "lab.inc"
        .globl  _start
_start: go      count
        go      flag
        go      command
        go      storage
        go      part
        go      seek
        go      askew
        go      far + 4
done:   j       done
        .align  8
count:  entry   1 | CHAIN, 512, 0x1000
        entry   2, 0, 0x8000
flag:   entry   1 | CHAIN, 512, 0x1000
        entry   2 | 0x1000, 512, 0x8000
command:
        entry   1 | CHAIN, 512, 0x1000
        entry   5, 512, 0x8000
storage:
        entry   1 | CHAIN, 512, 0x1000
        entry   2, 512, 0x100000 - 511
part:   entry   1 | CHAIN, 512, 0x1000
        entry   2, 513, 0x8000
seek:   entry   1 | CHAIN, 512, 0x1000
        entry   7 | CHAIN, 8, where
        entry   2, 512, 0x8000
askew:  entry   1 | CHAIN, 512, 0x1000
        entry   7 | CHAIN, 4, where + 2
        entry   2, 512, 0x8000
far:    entry   1 | CHAIN, 512, 0x1000
        entry   2, 512, 0x8000
where:  .word   2
