# Writes 12 times one of five sectors, full of the number of the write, and says that number and
# the disk's status when the disk says that it is done; then reads all five and says what they
# hold. What it has said is written, is written.
.include "hostile/bad.inc"
begin:  li      gp, 1
        li      s0, 1                   # sector: gp mod 5
1:      li      t0, 0x01010101
        mul     t0, t0, gp
        li      t1, 512 - 4
2:      li      s1, BUFFER
        add     s1, s1, t1
        sw      t0, 0(s1)
        addi    t1, t1, -4
        bgez    t1, 2b
        li      s1, BUFFER
        li      a0, 1
        transfer DISK_WRITE
        call    tell
        addi    gp, gp, 1
        addi    s0, s0, 1
        li      t0, 5
        bne     s0, t0, 3f
        li      s0, 0
3:      li      t0, 13
        bne     gp, t0, 1b
        li      s0, 0
4:      li      a0, 1
        transfer DISK_READ
        lbu     gp, 511(s1)
        call    tell
        addi    s0, s0, 1
        li      t0, 5
        bne     s0, t0, 4b
        halt
# gp and, if it is not 0, a0, as letters: 1 is a.
tell:   addi    t0, gp, 'a' - 1
        dev_out t0, CONSOLE_DATA
        beqz    a0, 1f
        srli    t0, a0, 1
        addi    t0, t0, '0'
        dev_out t0, CONSOLE_DATA
1:      li      t0, '\n'
        dev_out t0, CONSOLE_DATA
        ret
