# Errant instructions trap on every machine, in every mode: the guest's kernel gets them
# back. Each handler does the next one, so nothing has to return.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_SYSCALL, on_sys
        vector  CAUSE_BREAKPOINT, on_brk
        vector  CAUSE_HYPERCALL, on_hcall
        vector  CAUSE_ILLEGAL, on_illegal
        li      a0, 1
        sys     7
on_sys: addi    a0, a0, 1
        brk
on_brk: addi    a0, a0, 1
        hcall   3
on_hcall:
        addi    a0, a0, 1
        .word   0
on_illegal:
        addi    a0, a0, 1
done:   j       done
