# A device register read as a word of memory.
_start: nop
1:      .rept   64
        lw      t0, -4096+4*0x15(zero)
        .endr
        j       1b
