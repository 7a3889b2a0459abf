# Privileged instructions one after the other, sixty-four and a jump a round: in a
# virtual machine each traps, is verified, emulated and resumed from.

_start:
1:      .rept   32
        mtcr    scr0, t0
        mfcr    t1, scr0
        .endr
        j       1b
