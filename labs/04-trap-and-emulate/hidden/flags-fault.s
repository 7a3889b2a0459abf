# pushf and popf with a stack that is none: the trap, and the stack pointer as it was.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_ALIGNMENT, on_alignment
        vector  CAUSE_BUS, on_bus
        li      sp, 0x8002
        popf
on_alignment:
        mv      a0, sp
        li      sp, 0x40000000
        pushf
on_bus: mv      a1, sp
        mfcr    a2, badva
        mfcr    a3, psw
done:   j       done
