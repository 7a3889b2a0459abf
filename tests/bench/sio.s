# A channel program that prints a byte, and is done with the instruction.
_start: la      t0, print
1:      .rept   64
        sio     t1, t0
        .endr
        j       1b
        .balign 8
print:  .word   0x00010001, byte
byte:   .word   '.'
