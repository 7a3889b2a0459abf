# The same by memory-mapped registers.
_start: li      t0, 1
        li      t1, 0x8000
        sw      t1, -4096+4*0x11(zero)
        sw      t0, -4096+4*0x12(zero)
1:      addi    a0, a0, 1
        sw      t0, -4096+4*0x13(zero)
        wfi
        mtcr    ipend, zero
        j       1b
