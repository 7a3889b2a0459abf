# Reads and writes every register of a device and what is no register, with the values at which
# numbers end. Says what it read.
# ends: (halted|waiting.*)
.include "bad.inc"
begin:  li      s0, 0                   # port
1:      la      s1, values
2:      lw      t0, 0(s1)
        slli    t1, s0, 2
        li      t2, MMIO_START
        add     t1, t1, t2
.if MMIO
        sw      t0, 0(t1)
        li      t0, 0x77
        lw      t0, 0(t1)
.else
        out     t0, 0(s0)
        li      t0, 0x77
        in      t0, 0(s0)
.endif
        add     a4, a4, t0
        addi    s1, s1, 4
        la      t0, values_end
        bltu    s1, t0, 2b
        addi    s0, s0, 1
        li      t0, 0x40
        bltu    s0, t0, 1b
        say     a4
        lw      t0, traps
        say     t0
        .if !MMIO
        li      t1, 0x7fffffff
        out     t0, 0(t1)
        li      t1, -1
        in      t0, 0(t1)
        .endif
        halt
        .data
values: .word   0, 1, 2, 3, 127, 128, 129, 0x10000, 0x7fffffff, 0x80000000, 0xfffffe00, -1
values_end:
