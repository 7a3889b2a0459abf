# Changes what is being written with every second instruction, up to the tick at which it is,
# and says what was.
# ends: halted
.include "bad.inc"
begin:  li      gp, 20
        li      s1, BUFFER
1:      li      s0, 0
        dev_out zero, DISK_SECTOR
        dev_out s1, DISK_ADDRESS
        li      a0, 2
        dev_out a0, DISK_COUNT
        dev_out a0, DISK_COMMAND
        li      t0, 300
        add     t0, t0, gp
2:      sw      t0, 0(s1)
        sw      t1, 1020(s1)
        addi    t1, t1, 1
        addi    t0, t0, -1
        bnez    t0, 2b
3:      sw      t1, 0(s1)
        addi    t1, t1, 1
        dev_in  a0, DISK_STATUS
        andi    a0, a0, 1
        bnez    a0, 3b
        li      a0, 2
        transfer DISK_READ
        lw      t0, 0(s1)
        say     t0
        lw      t0, 1020(s1)
        say     t0
        addi    gp, gp, -1
        bnez    gp, 1b
        halt
