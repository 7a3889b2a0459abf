# Around and across the page where devices may be: words, halves and bytes, askew, before it, behind
# it; and jumps there. What traps is counted.
# ends: halted
.include "bad.inc"
begin:  la      s1, places
1:      lw      t2, 0(s1)
        lw      t0, 0(t2)
        lh      t0, 0(t2)
        lbu     t0, 0(t2)
        sh      zero, 0(t2)
        sb      zero, 0(t2)
        lw      t0, 1(t2)
        lw      t0, 2(t2)
        sw      zero, 3(t2)
        la      t0, next
        sw      t0, resume
        jr      t2
next:   sw      zero, resume
        lw      t0, traps
        say     t0
        addi    s1, s1, 4
        la      t0, places_end
        bltu    s1, t0, 1b
        halt
        .data
places: .word   MMIO_START - 4, MMIO_START - 1, MMIO_START + 8, MMIO_START + 4*0x16, MMIO_START + 4*0x15 + 2
        .word   -4, -2, -1, STORAGE - 2, STORAGE, 0x7ffffffe, 0x80000000
places_end:
