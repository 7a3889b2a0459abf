# The directory is the page of device registers: no table to the machine, which reads storage
# alone. The handler gives up at last.
# with: --io mmio
# exit: 0
_start: la      t0, on_bus
        sw      t0, 44(zero)
        li      t0, 0xfffff000
        mtcr    ptbr, t0
        li      t0, 0x20
        mtcr    epsw, t0
        mtcr    epc, zero
        li      s0, 1000
        rfe
on_bus: addi    s0, s0, -1
        mfcr    t0, badva
        addi    t0, t0, 2044
        mtcr    epc, t0
        beqz    s0, 1f
        rfe
1:      halt
