# Writes what it may only read, alone and from the sector before on; then says what is there.
# ends: halted
.include "bad.inc"
begin:  li      gp, 0
1:      li      s1, BUFFER
        li      t0, 0x5a5a5a5a
        sw      t0, 0(s1)
        sw      t0, 512(s1)
        mv      s0, gp
        li      a0, 2
        transfer DISK_WRITE
        say     a0
        addi    gp, gp, 1
        li      t0, 4
        bne     gp, t0, 1b
2:      mv      s0, gp
        li      a0, 1
        transfer DISK_READ
        lw      t0, 0(s1)
        say     t0
        addi    gp, gp, -1
        bgez    gp, 2b
        halt
