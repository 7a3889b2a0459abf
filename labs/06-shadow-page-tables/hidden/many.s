# More address spaces than anybody keeps, and then more tables in one.
.include "lab.inc"
        .globl  _start
_start: begin
        li      s0, 40                  # pages from 0x80000 on, at their own addresses
        li      t0, TAB + 4 * 0x80
        li      a0, 0x80000 | ALL
        lui     a2, 1
own:    sw      a0, 0(t0)
        add     a0, a0, a2
        addi    t0, t0, 4
        addi    s0, s0, -1
        bnez    s0, own
        li      s0, 40                  # are directories, all with the same table
        li      a0, 0x80000
        li      a1, TAB | PTE_VALID
        lui     a2, 1
make:   sw      a1, 0(a0)
        mfcr    t0, psw
        xori    t0, t0, PSW_TE
        mtcr    psw, t0
        mtcr    ptbr, a0
        ori     t0, t0, PSW_TE
        mtcr    psw, t0
        li      t1, 0x18000
        lw      t2, 0(t1)
        addi    t2, t2, 1
        sw      t2, 0(t1)
        entry   TAB, 64, 0x18000 | ALL
        li      a4, HERE
        sw      s0, 4(a4)
        li      t0, DIR
        mtcr    ptbr, t0
        add     a0, a0, a2
        addi    s0, s0, -1
        bnez    s0, make
        li      s0, 90                  # and one directory that leads to it from 90 places
        li      t0, DIR + 4
        li      a4, 0x00400000
        li      t2, 0x00400000
more:   sw      a1, 0(t0)
        lui     t1, 0x18
        add     t1, t1, a4
        lw      a3, 0(t1)
        sw      s0, 8(t1)
        addi    t0, t0, 4
        add     a4, a4, t2
        addi    s0, s0, -1
        bnez    s0, more
        entry   TAB, 0x18, 0
        li      t1, 0x00418000
        lw      a3, 0(t1)
        li      t1, 0x16818000
        lw      a3, 0(t1)
done:   j       done
        handler
