# Reads sectors over the program that reads them, its arguments and the code that waits, again
# and again.
# ends: (halted|double fault|running)
.include "chain.inc"
chain self
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     2 | CCW_CHAIN, 512, self
        ccw     7 | CCW_CHAIN, 4, sector + 4
        ccw     2 | CCW_CHAIN, 1024, BUFFER
        ccw     2, 512, 0x1000
sector: .word   0, 3
        .text
begin:  li      s0, 3
1:      try     self
        addi    s0, s0, -1
        bnez    s0, 1b
        halt
