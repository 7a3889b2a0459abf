# Changes its program, the sector of its seek and the data at each step while the disk is busy
# with it, to what it may not have; then says what is on its disk.
# ends: halted
.include "chain.inc"
chain work
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     1 | CCW_CHAIN, 512, BUFFER
        ccw     7 | CCW_CHAIN, 4, sector + 4
        ccw     2, 512, BUFFER + 512
sector: .word   1, 2
chain look
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     2, 512, BUFFER
        .text
begin:  li      s0, 7
        la      t0, work + UNIT_DISK
        sio     t1, t0
        say     t1
1:      li      t0, BUFFER
        sw      s0, 0(t0)
        li      t0, 1103515245
        mul     s0, s0, t0
        addi    s0, s0, 12345
        srli    t1, s0, 16
        andi    t1, t1, 0x1c            # one word of the program,
        sw      s0, work(t1)
        sw      s0, sector              # and both sectors
        srli    t0, s0, 7
        sw      t0, sector + 4
        li      t0, UNIT_DISK
        tio     t1, t0
        andi    t1, t1, 3
        li      t0, 2
        beq     t1, t0, 1b
        li      s1, 4
2:      sw      s1, sector
        try     look
        li      t0, BUFFER
        lw      t0, 0(t0)
        say     t0
        addi    s1, s1, -1
        bgez    s1, 2b
        halt
