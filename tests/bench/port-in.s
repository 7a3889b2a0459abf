# A device register read through a port, sixty-four times and a jump a round.
_start: nop
1:      .rept   64
        in      t0, 0x15
        .endr
        j       1b
