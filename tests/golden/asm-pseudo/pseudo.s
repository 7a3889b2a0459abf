# Every pseudo-instruction.
start:  nop
        li      a0, 0
        li      a0, -32768
        li      a0, 32767
        li      a0, 32768               # lui only
        li      a0, 0x12345000
        li      a0, 0x12345678
        li      a0, 0xffffffff          # -1
        li      a0, -0x80000000
        li      a0, later               # two words: not known yet
        li      a0, start
        la      a0, start
        la      a0, later + 4
        mv      a0, a1
        not     a0, a1
        neg     a0, a1
        seqz    a0, a1
        snez    a0, a1
        sltz    a0, a1
        sgtz    a0, a1
        sgt     a0, a1, a2
        sgtu    a0, a1, a2
        beqz    a0, start
        bnez    a0, start
        blez    a0, start
        bgez    a0, start
        bltz    a0, start
        bgtz    a0, start
        bgt     a0, a1, start
        ble     a0, a1, start
        bgtu    a0, a1, start
        bleu    a0, a1, start
        j       later
        jal     later
        call    later
        tail    later
        jr      t0
        jr      8(t0)
        jalr    t0
        jalr    -4(t0)
        ret
        push    ra
        pop     ra
        push    ra, s0, s1
        pop     ra, s0, s1
later:
