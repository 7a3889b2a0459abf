# One page is directory, table, data and program. The program stores over the entries by
# which it is fetched, until it has unmapped itself.
# exit: 0
_start: la      t0, on_fault
        sw      t0, 28(zero)            # fetch fault
        sw      t0, 32(zero)
        sw      t0, 36(zero)
        sw      t0, 40(zero)
        li      t0, 0x4000
        mtcr    ptbr, t0
        li      t1, 0x401f              # directory[0] and [4] lead here, for everybody
        sw      t1, 0(t0)
        sw      t1, 16(t0)
        la      t1, from                # the program moves in
        la      t2, until
        addi    a0, t0, 0x400
1:      lw      a1, 0(t1)
        sw      a1, 0(a0)
        addi    t1, t1, 4
        addi    a0, a0, 4
        bltu    t1, t2, 1b
        li      t1, 0x4400
        mtcr    epc, t1
        li      t1, 0x23
        mtcr    epsw, t1
        rfe
from:   li      a0, 0x4010
        lw      a1, 0(a0)
        ori     a1, a1, 0x700
2:      addi    a1, a1, -1              # through every value of the bits, down to not valid
        sw      a1, 0(a0)
        j       2b
until:
on_fault: halt
