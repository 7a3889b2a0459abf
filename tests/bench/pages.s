# Memory through a map: a user program that goes over 128 pages, eight words in each, and
# after each round asks the kernel, which goes on in the next of four address spaces and
# takes a page of it away and gives it back. Never ends. With PAGED 1 the map is page
# tables; else it is BASE and BOUND.
.ifndef PAGED
.equ PAGED, 0
.endif
.equ PAGES, 128
.equ HEAP, 0x40000
.equ RIGHTS, 0x1f                       # valid, write, execute, for everybody

_start: la      t0, vectors
        mtcr    vbr, t0
        li      s0, 0                   # s0: the space
.if PAGED
        li      a0, 4                   # directories and tables, all alike
        la      a1, tables
1:      lui     t0, 1
        add     t0, t0, a1
        ori     t1, t0, RIGHTS
        sw      t1, 0(a1)
        li      t1, RIGHTS
        li      t2, 256                 # one to one, 1 MiB
2:      sw      t1, 0(t0)
        lui     a2, 1
        add     t1, t1, a2
        addi    t0, t0, 4
        addi    t2, t2, -1
        bnez    t2, 2b
        lui     a2, 2
        add     a1, a1, a2
        addi    a0, a0, -1
        bnez    a0, 1b
.else
        lui     t0, 256
        mtcr    bound, t0
.endif
        la      t0, user
        mtcr    epc, t0
        li      t0, 0x23                # least privileged mode, TE
        mtcr    epsw, t0

next:   addi    s0, s0, 1
        andi    s0, s0, 3
.if PAGED
        slli    t0, s0, 13
        la      t1, tables
        add     t0, t0, t1
        mtcr    ptbr, t0
        lui     t1, 1
        add     t0, t0, t1
        lw      t1, 4*(HEAP / 4096)(t0)
        sw      zero, 4*(HEAP / 4096)(t0)
        sw      t1, 4*(HEAP / 4096)(t0)
.else
        mtcr    base, zero
.endif
        rfe

user:   li      a0, PAGES
        li      a1, HEAP
        lui     a3, 1
1:      lw      a2, 0(a1)
        addi    a2, a2, 1
        sw      a2, 0(a1)
        lw      a2, 64(a1)
        sw      a2, 128(a1)
        lw      a2, 256(a1)
        sw      a2, 512(a1)
        lw      a2, 1024(a1)
        sw      a2, 2048(a1)
        add     a1, a1, a3
        addi    a0, a0, -1
        bnez    a0, 1b
        sys     0

on_sys: la      t0, user
        mtcr    epc, t0
        j       next

        .data
vectors: .word  0, 0, on_sys
        .bss
        .align  4096
tables: .space  4 * 8192
