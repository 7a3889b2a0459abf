# A sector read from the disk by ports, and waited for. A round takes BENCH_DISK_TICKS ticks
# and counts in a0.
_start: li      t0, 1
        li      t1, 0x8000
        out     t1, 0x11
        out     t0, 0x12
1:      addi    a0, a0, 1
        out     t0, 0x13
        wfi
        mtcr    ipend, zero
        j       1b
