# Counts of nothing, of parts of a sector, of more than there can be.
# ends: halted
.include "chain.inc"
chain one
        ccw     1, 0, BUFFER
chain two
        ccw     1 | CCW_MORE, 65535, 0
        ccw     1, 1, 0
        .text
begin:  la      s1, counts
1:      lhu     t0, 0(s1)
        sh      t0, one + 2
        sh      t0, two + 10
        try     one
        try     two
        addi    s1, s1, 2
        la      t0, counts_end
        bltu    s1, t0, 1b
        halt
        .data
counts: .half   0, 1, 4, 511, 512, 513, 1024, 2560, 3072, 32768, 65024, 65535
counts_end:
