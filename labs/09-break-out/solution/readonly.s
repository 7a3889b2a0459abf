# What all may read and nobody may write is behind our own sectors.
.include "pg32.inc"
        .globl  _start
_start: li      t0, 32
        out     t0, DISK_SECTOR
        out     zero, DISK_ADDRESS
        li      t0, 1
        out     t0, DISK_COUNT
        li      t0, DISK_WRITE
        out     t0, DISK_COMMAND
1:      in      t0, DISK_STATUS
        andi    t1, t0, 1
        bnez    t1, 1b
        halt
