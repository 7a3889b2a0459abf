# Sectors and counts that end behind its mini-disk, that wrap around, none, and more than there
# can be; each read and written. Says the status of each.
# ends: halted
.include "bad.inc"
begin:  la      gp, pairs
        li      s1, BUFFER
1:      lw      s0, 0(gp)
        lw      a0, 4(gp)
        transfer DISK_READ
        say     a0
        lw      a0, 4(gp)
        transfer DISK_WRITE
        say     a0
        addi    gp, gp, 8
        la      t0, pairs_end
        bltu    gp, t0, 1b
        halt
        .data
pairs:  .word   0, 5,  0, 6,  4, 1,  4, 2,  5, 1,  5, 0,  1, 5,  0, 0
        .word   -1, 1,  -1, 2,  -4, 8,  0x80000000, 1,  0x7fffffff, 128,  0, 128
        .word   0, 129,  1, -1,  5, -5,  -5, 10,  0, 0x80000000,  2, 0xffffffff
pairs_end:
