# Data, arguments of seeks, programs and transfers in channel where it has no storage: at its
# end, across it, at the VMM's, at the neighbours', around the addresses.
# ends: halted
.include "chain.inc"
chain reads
        ccw     2, 512, 0
chain writes
        ccw     1, 512, 0
chain seeks
        ccw     7 | CCW_CHAIN, 4, 0
        ccw     1, 512, BUFFER
chain goes
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, 0
        .text
begin:  li      sp, 0x7f00              # out of the way
        la      s1, addresses
1:      lw      s0, 0(s1)
        sw      s0, reads + 4
        sw      s0, writes + 4
        sw      s0, seeks + 4
        sw      s0, goes + 12
        try     reads
        try     writes
        try     seeks
        try     goes
        andi    a0, s0, -8
        ori     a0, a0, UNIT_DISK
        call    try_it
        addi    s1, s1, 4
        la      t0, addresses_end
        bltu    s1, t0, 1b
        halt
        .data
        .align  4
addresses:
        .word   STORAGE - 512, STORAGE - 508, STORAGE - 4, STORAGE, STORAGE + 4, 0x20000, 0x30000
        .word   0x40000, 0x7ffffff8, 0x80000000, 0xfffdfff8, 0xfffe0000, 0xffff0000, 0xfffffe00
        .word   0xfffffe04, 0xfffffff8, 0xfffffffc, -1
addresses_end:
