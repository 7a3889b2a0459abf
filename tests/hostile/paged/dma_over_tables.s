# The disk writes over the table by which the program runs.
# exit: 0
_start: la      t0, on_fault
        sw      t0, 28(zero)
        sw      t0, 40(zero)            # 'AAAA' is a valid entry, but no fetch is allowed
        sw      t0, 44(zero)
        li      t0, 0x4000
        mtcr    ptbr, t0
        li      t1, 0x5001
        sw      t1, 0(t0)
        li      t1, 0x1007
        li      t2, 0x5004
        sw      t1, 0(t2)
        out     zero, 0x10
        li      t1, 0x5000
        out     t1, 0x11
        li      t1, 1
        out     t1, 0x12
        out     t1, 0x13
        li      t1, 0x20
        mtcr    psw, t1
        j       .
on_fault: mfcr  t0, tick
        li      t1, 1000
        bltu    t0, t1, .               # before the transfer there is no fault
        halt
