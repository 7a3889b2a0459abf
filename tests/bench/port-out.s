# A device register written through a port.
_start: nop
1:      .rept   64
        out     t0, 0x10
        .endr
        j       1b
