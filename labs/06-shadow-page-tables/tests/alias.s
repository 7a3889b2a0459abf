# Tables written through other addresses than their own, and one page at two.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        entry   TAB, 65, 0x18000 | ALL
        entry   TAB, 66, TAB | ALL      # the table itself
        li      a0, HERE
        li      a1, 9
        sw      a1, 0(a0)
        lui     a2, 1
        add     a2, a2, a0
        lw      a3, 0(a2)
        sw      a0, 0(a2)
        lw      a3, 0(a0)
        li      a4, HERE + 0x2000 + 4 * 64 # its entry, by way of itself
        lw      a5, 0(a4)
        li      t0, 0x19000 | ALL
        sw      t0, 0(a4)
        lw      a3, 0(a0)
        lw      a3, 0(a2)
        sw      zero, 4(a4)
        lw      a3, 0(a2)
        sw      zero, 8(a4)             # the window's own
        lw      a3, 0(a4)
        li      t0, TAB | ALL           # read-only window
        entry   TAB, 66, TAB | PTE_VALID
        lw      a3, 0(a4)
        sw      zero, 0(a4)
        lw      a3, 0(a0)
done:   j       done
        handler
