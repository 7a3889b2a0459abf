# Memory traps of a kernel are its own: beyond the end of its storage there is nothing, on
# the bare machine and in the virtual one.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_BUS, on_bus
        vector  CAUSE_ALIGNMENT, on_alignment
        li      s0, 0x40000000
        lw      a0, 8(s0)
on_bus: addi    s1, s1, 1
        lw      a0, 2(s0)
on_alignment:
        addi    s1, s1, 2
done:   j       done
