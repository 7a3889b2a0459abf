# What entries forbid: stores, fetches, loads, and pages of the kernel's to users.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | PTE_VALID
        entry   TAB, 65, 0x19000 | PTE_VALID | PTE_WRITE
        entry   TAB, 66, 0x1a000 | ALL | PTE_USER
        entry   TAB, 67, 0x1b000 | ALL
        li      a0, HERE
        lw      a1, 0(a0)
        sw      a1, 0(a0)               # W is 0
        lui     a2, 1
        add     a2, a2, a0
        sw      a1, 0(a2)
        la      ra, back
        jr      a2                      # X is 0
back:   la      t0, user                # the program into the user's page
        li      t1, 0x1a000
        li      t2, 12
copy:   lw      a3, 0(t0)
        sw      a3, 0(t1)
        addi    t0, t0, 4
        addi    t1, t1, 4
        addi    t2, t2, -1
        bnez    t2, copy
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        li      t0, HERE + 0x2000
        mtcr    epc, t0
        rfe
user:   lui     a0, %hi(HERE + 0x3000)
        lw      a1, 0(a0)               # the kernel's
        sw      a1, 0(a0)
        lui     a0, %hi(HERE + 0x2000)
        sw      a1, 0x100(a0)           # its own
        lw      a2, 0x100(a0)
        lui     a0, %hi(TAB)
        sw      zero, 0(a0)             # if only
        addi    a3, a3, 1
        j       . - 4
        handler
