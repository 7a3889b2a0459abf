# A device register written as a word of memory.
_start: nop
1:      .rept   64
        sw      t0, -4096+4*0x10(zero)
        .endr
        j       1b
