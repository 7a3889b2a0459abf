# Prints as much as one instruction can, for ever.
# ends: running
.include "chain.inc"
chain much
        ccw     1 | CCW_MORE, 128, BUFFER
        ccw     0, 128, BUFFER
        .text
begin:  la      t0, much + UNIT_CONSOLE
1:      sio     t1, t0
        j       1b
