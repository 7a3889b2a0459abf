# The handler turns translation on again and faults itself, at every level deeper.
# exit: 1
# says: stopped at the limit of [0-9,]+ ticks
_start: la      t0, on_fault
        sw      t0, 28(zero)
        sw      t0, 32(zero)
        sw      t0, 40(zero)
        li      t1, 0x4000
        mtcr    ptbr, t1
on_fault: li    t0, 0x20
        mtcr    psw, t0
        j       on_fault
