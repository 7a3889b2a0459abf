# User code that turns interrupts off and keeps the processor.
        .globl  _start
_start: li      t0, 0x31                # mode 1, IE, TE
        mtcr    epsw, t0
        li      t0, 0x10000
        mtcr    bound, t0
        la      t0, user
        mtcr    epc, t0
        rfe
user:   cli
        j       .
