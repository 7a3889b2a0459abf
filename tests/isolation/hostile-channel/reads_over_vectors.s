# Has its vectors overwritten by a program while interrupts come and system calls are made.
# ends: (halted|double fault|running)
.include "chain.inc"
chain over
        ccw     2, 512, 0
        .text
begin:  sti
1:      la      t0, over + UNIT_DISK
        sio     t1, t0
        li      s0, 1200
2:      addi    s0, s0, -1
        bnez    s0, 2b
        sys     7
        j       1b
