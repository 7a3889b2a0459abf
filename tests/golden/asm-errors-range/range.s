start:  beq     a0, a1, far             # 4 bytes too far
        bltz    a0, start + 2
        call    farther
        .space  131060
far:    nop
        bne     a0, a1, far - 0x20004
        .space  0x200000
farther: .byte  300, -129
        .word   1 << 32, farther - start
        .half   0x10000
        .align  4
        nop
