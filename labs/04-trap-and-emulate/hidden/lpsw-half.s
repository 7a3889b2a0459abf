# The second word of lpsw lies beyond storage: nothing has changed, the first included.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_BUS, on_bus
        li      s0, 0x100000 - 4
        li      t0, PSW_IE
        sw      t0, 0(s0)
        lpsw    0(s0)
on_bus: mfcr    a0, badva
        mfcr    a1, epsw
        mfcr    a2, epc
done:   j       done
