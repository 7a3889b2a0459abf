# Accesses that are not aligned, which is the guest's affair wherever they lead; and a directory
# entry that is written and still leads to its table.
.include "lab.inc"
.equ FAR, 0x00c00000
.equ SOFTWARE, 0x200                    # a bit that the machine never looks at
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        li      a0, HERE
        li      a1, 77
        sw      a1, 0(a0)
        lw      a2, 2(a0)
        sh      a1, 1(a0)
        lw      a3, 0x2002(a0)          # and not there
        la      ra, back
        addi    t0, a0, 2
        jr      t0
back:   entry   TAB2, 0, 0x19000 | ALL
        li      t0, TAB2 | PTE_VALID
        li      a5, DIR + 4 * 3
        sw      t0, 0(a5)
        li      a4, FAR
        sw      a1, 0(a4)
        lw      a2, 0(a4)
        li      t0, TAB2 | PTE_VALID | SOFTWARE
        sw      t0, 0(a5)
        lw      a3, 0(a4)
        entry   TAB2, 0, 0x18000 | ALL  # so this must be seen
        lw      a3, 0(a4)
        li      t0, TAB | PTE_VALID | SOFTWARE
        sw      t0, 0(a5)               # now it leads elsewhere
        lw      a3, 0(a4)
done:   j       done
        handler
