# Every control register and every number that is none, with the values at which numbers
# end. The timer may go off. Says what it read.
# ends: halted
.include "bad.inc"
begin:  li      s0, 0
1:      la      t1, word
        lw      t0, 0(t1)
        andi    a4, t0, -256
        or      a4, a4, s0
        sw      a4, 0(t1)
        la      t1, word2
        lw      t0, 0(t1)
        andi    a4, t0, -256
        or      a4, a4, s0
        sw      a4, 0(t1)
        la      s1, values
2:      lw      t0, 0(s1)
        li      t2, 6                   # not VBR, BASE and BOUND do no harm with TE off
        beq     s0, t2, 3f
        beqz    s0, 3f                  # nor PSW: see psw_corners
word:   mtcr    scr1, t0
word2:  mfcr    a5, scr1
        add     a3, a3, a5
3:      addi    s1, s1, 4
        la      t0, values_end
        bltu    s1, t0, 2b
        addi    s0, s0, 1
        li      t0, 0x40
        bltu    s0, t0, 1b
        say     a3
        lw      t0, traps
        say     t0
        halt
        .data
values: .word   0, 1, 2, 3, 0x7fffffff, 0x80000000, -2, -1
values_end:
