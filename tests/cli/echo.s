# echoes what is typed, until q
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
.ifdef GREET
        li      t0, '>'                 # now the terminal is ours
        out     t0, 0x00
.endif
.ifdef BUSY
        j       .
.endif
wait:   wfi
1:      in      t0, 0x01
        beqz    t0, wait
        in      t0, 0x00
        out     t0, 0x00
        li      t1, 'q'
        bne     t0, t1, 2f
        halt
2:      mtcr    ipend, zero
        j       1b
        .align  4
vectors: .space 4*24
