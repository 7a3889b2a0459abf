# Asks for transfers that there is no storage for; each fails with an error status.
# exit: 0
_start: li      s0, 0xfffffe00
        li      s1, 40
1:      out     zero, 0x10
        out     s0, 0x11
        li      t0, 1
        out     t0, 0x12
        out     t0, 0x13
        wfi
        mtcr    ipend, zero
        in      a0, 0x14
        li      a1, 4                   # error 2 in bits 7:1
        bne     a0, a1, wrong
        slli    s0, s0, 1
        addi    s1, s1, -1
        li      t0, 0x10000
        bgeu    s0, t0, 2f
        j       3f
2:      bnez    s1, 1b
3:      halt
wrong:  wfi
