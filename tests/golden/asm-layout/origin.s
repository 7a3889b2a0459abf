# A vector table below the code.
        .data
        .org 0x400
vector: .word start
        .org 0x420
more:   .word 2
        .text
        .org 0x2000
start:  nop
        .org 0x2010
later:  nop
        .bss
        .org 0x8000
room:   .space 16
