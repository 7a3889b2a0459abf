# A kernel and its user, in one address space, in turns.
.include "lab.inc"
        .globl  _start
_start: begin
        la      t0, served
        sw      t0, 4 * CAUSE_SYSCALL(zero)
        entry   TAB, 64, 0x18000 | ALL | PTE_USER
        entry   TAB, 65, 0x19000 | ALL
        la      t0, user
        li      t1, HERE
        li      t2, 10
copy:   lw      a3, 0(t0)
        sw      a3, 0(t1)
        addi    t0, t0, 4
        addi    t1, t1, 4
        addi    t2, t2, -1
        bnez    t2, copy
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        li      t0, HERE
        mtcr    epc, t0
        rfe
user:   lui     a0, %hi(HERE)
        lui     a1, %hi(HERE + 0x1000)
        sw      a2, 0x200(a0)
        sys     1
        lw      a2, 0x200(a0)
        lw      a3, 0(a1)               # the kernel's
        addi    a4, a4, 1
        j       . - 16
# The kernel's part, with translation on: it uses its own page and the user's.
served: mfcr    s0, psw
        ori     s0, s0, PSW_TE
        mtcr    psw, s0
        li      t0, HERE
        li      t1, HERE + 0x1000
        lw      t2, 0x200(t0)
        addi    t2, t2, 3
        sw      t2, 0x200(t0)
        sw      t2, 0(t1)
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
        handler
