        .rept 3
        nop
        .rept 2
        .endr
