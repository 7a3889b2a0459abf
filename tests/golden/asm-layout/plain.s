        nop
        .data
d:      .word 1
        .bss
        .align 16
b:      .space 5
e:
