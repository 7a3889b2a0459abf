# All numbers of hypercalls and system calls, with register contents that would suit somebody.
# ends: halted
.include "bad.inc"
begin:  la      t1, word
        la      t2, word2
        li      s0, 0x10000
        li      a0, 0x20000
        li      a1, 0x30000
1:      addi    s0, s0, -1
        lw      t0, 0(t1)
        addi    t0, t0, 1
        sw      t0, 0(t1)
        lw      t0, 0(t2)
        addi    t0, t0, 1
        sw      t0, 0(t2)
word:   hcall   0
word2:  sys     0
        andi    t0, s0, 0xff
        beqz    s0, 2f
        li      t0, 0xfc00
        bgtu    s0, t0, 1b
2:      lw      t0, traps
        say     t0
        say     a0
        halt
