        .data
        .org    0x400
bytes:  .byte   0, 255, -128, 'a', '\n', '\'', bytes & 0xff
        .align  2
        .half   -32768, 65535
        .align  4
words:  .word   -0x80000000, 0xffffffff, words, end - words, %hi(0x12345678), %lo(0x12345678)
        .ascii  "no zero", "\t\"\\\x41\101\0"
        .asciz  "", "é"
        .align  8, 0xee
        .space  3, 0x11
        .fill   2, 2, 0x1234
        .fill   3
        .p2align 3
        .zero   40
        .incbin "bytes.bin", 1, 3
end:
