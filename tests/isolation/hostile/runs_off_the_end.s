# Executes the last word of storage, a branch there and one that is replaced, and goes on behind it.
# ends: halted
.include "bad.inc"
begin:  la      s1, words
1:      lw      t0, 0(s1)
        li      t2, STORAGE - 4
        sw      t0, 0(t2)
        la      t0, next
        sw      t0, resume
        jr      t2
next:   sw      zero, resume
        mfcr    t0, cause
        say     t0
        mfcr    t0, epc
        say     t0
        addi    s1, s1, 4
        la      t0, words_end
        bltu    s1, t0, 1b
        halt
words:  addi    a0, a0, 1
        mtcr    scr1, a0
        sw      a0, 0(t2)
        sys     3
        rdpsw   a1
        rfe
words_end:
