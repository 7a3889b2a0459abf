# A byte for the console, through a port.
_start: li      t0, '.'
1:      .rept   64
        out     t0, 0
        .endr
        j       1b
