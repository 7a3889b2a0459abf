        add     a0, a1, 5
        addi    a0, a1, a2
        add     a0, a1
        addi    a0, a1, 40000
        addi    a0, a1, x
        andi    a0, a1, 0xfffffff0      # -16: no error
        slli    a0, a1, 32
        lui     a0, 0x12345678
        lw      a0, a1
        lw      a0, 4(5)
        lw      a0, 4[sp]
        sw      40000(sp), a0
        mfcr    a0, epcc
        mtcr    a0, epc
        mfcr    a0, 99
        sys     -1
        beqz    a0
        li      a0, 0x100000000
        push    4
        mv      a0, a9
        .equ    x, 0x8000
