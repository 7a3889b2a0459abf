# Waits with every line masked, while the disk works for it and the timer runs.
# ends: waiting.*
.include "bad.inc"
begin:  mtcr    imask, zero
        li      t0, 100
        mtcr    timer, t0
        li      s1, BUFFER
        dev_out s1, DISK_ADDRESS
        li      t0, 1
        dev_out t0, DISK_COUNT
        dev_out t0, DISK_COMMAND
        sti
        wfi
        halt
