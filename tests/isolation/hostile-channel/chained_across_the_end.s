# Pieces of one command up to the end of storage and over it, at each byte around it; a program
# in the last words, and one that goes on behind them.
# ends: halted
.include "chain.inc"
chain pieces
        ccw     2 | CCW_MORE, 256, BUFFER
        ccw     0, 256, 0
        .text
begin:  li      sp, 0x7f00              # out of the way
        li      s0, STORAGE - 260
1:      sw      s0, pieces + 12
        try     pieces
        addi    s0, s0, 1
        li      t0, STORAGE - 250
        bltu    s0, t0, 1b
        li      s0, STORAGE - 8
        li      t0, 3 | 1 << 16
        sw      t0, 0(s0)
        ori     a0, s0, UNIT_DISK
        call    try_it
        li      t0, 3 | 1 << 16 | CCW_CHAIN
        sw      t0, 0(s0)
        ori     a0, s0, UNIT_DISK
        call    try_it
        li      t0, 2 | 512 << 16
        sw      t0, 0(s0)
        li      t0, STORAGE - 512       # over itself
        sw      t0, 4(s0)
        ori     a0, s0, UNIT_DISK
        call    try_it
        halt
