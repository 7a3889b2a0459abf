        .if 1
        nop
        .else
        .if 0
