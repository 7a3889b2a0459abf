# The same by a channel program of two commands.
_start: la      t0, program
        addi    t0, t0, 1
1:      addi    a0, a0, 1
        sio     t1, t0
        wfi
        mtcr    ipend, zero
        j       1b
        .balign 8
program: .word  0x00044007, where
        .word   0x02000002, 0x8000
where:  .word   3
