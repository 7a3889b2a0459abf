# The interval timer set, so that it never goes off.
_start: li      t0, -1
1:      .rept   64
        mtcr    timer, t0
        .endr
        j       1b
