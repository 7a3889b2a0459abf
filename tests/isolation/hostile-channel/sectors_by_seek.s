# Sectors and counts that end behind its mini-disk, wrap around it or its extents, or lie
# in its read-only part; each written and read.
# ends: halted
.include "chain.inc"
chain there
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     1 | CCW_CHAIN, 512, BUFFER
        ccw     2, 512, BUFFER + 0x2000
sector: .word   0
        .text
begin:  la      s1, sectors
1:      lw      t0, 0(s1)
        sw      t0, sector
        li      s0, 512
2:      sh      s0, there + 10
        sh      s0, there + 18
        try     there
        slli    s0, s0, 1
        li      t0, 4096
        bgeu    t0, s0, 2b
        addi    s1, s1, 4
        la      t0, sectors_end
        bltu    s1, t0, 1b
        halt
        .data
        .align  4
sectors: .word  0, 1, 2, 3, 4, 5, 6, 250, 255, -1, -2, -5, -250, 0x7fffffff, 0x80000000, 0xffffff00
sectors_end:
