# Programs of any words, for any unit, at any address, for ever.
# ends: (running|halted|double fault)
.include "chain.inc"
begin:  li      s0, 99
        li      s1, BUFFER
1:      li      t0, 1103515245
        mul     s0, s0, t0
        addi    s0, s0, 12345
        srli    t0, s0, 13
        andi    t0, t0, 0xfc
        add     t0, t0, s1
        li      t1, 0x0200c0ff          # bits that make a command likely
        and     t1, t1, s0
        andi    t2, s0, 0x100
        beqz    t2, 2f
        srli    t1, s0, 9               # an address
2:      sw      t1, 0(t0)
        andi    t0, s0, 0xf9
        add     t0, t0, s1
        sio     t1, t0
        j       1b
