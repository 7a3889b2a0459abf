        .macro add x
        .endm
        .macro m x, x
        .endm
        .endm
        .endr
        .exitm
        .macro 5
        .endm
        .macro n
        .macro o
        .endm
