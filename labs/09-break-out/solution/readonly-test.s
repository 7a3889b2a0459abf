# prints: ok
# A write to a sector that may only be read ends with an error.
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
        beqz    t0, wrong
good:   li      t0, 'o'
        out     t0, CONSOLE_DATA
        li      t0, 'k'
        out     t0, CONSOLE_DATA
        halt
wrong:  li      t0, '!'
        out     t0, CONSOLE_DATA
        halt
