# The disk by its ports: inside, at the edge, beyond it, all of it, none of it. 64 sectors.
.include "lab.inc"
.macro transfer sector, count, command
        li      t0, \sector
        out     t0, DISK_SECTOR
        li      t0, 0x8000
        out     t0, DISK_ADDRESS
        li      t0, \count
        out     t0, DISK_COUNT
        li      t0, \command
        out     t0, DISK_COMMAND
busy\@: in      a0, DISK_STATUS
        andi    t1, a0, 1
        bnez    t1, busy\@
.endm
        .globl  _start
_start: transfer 3, 2, DISK_READ
        transfer 63, 1, DISK_WRITE
        transfer 63, 2, DISK_READ
        transfer 64, 1, DISK_WRITE
        transfer 0, 64, DISK_READ
        transfer -1, 1, DISK_WRITE
        transfer 0, 0, DISK_READ
        transfer 0xfffffff0, 32, DISK_WRITE
done:   j       done
