# A system call of the guest's user program goes to the guest's kernel.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_SYSCALL, on_sys
        vector  CAUSE_BOUNDS, on_bounds
        user    program
program:
        li      a0, 42
        sys     9
on_sys: addi    a0, a0, 1
        user    again
again:  li      s0, 0x10000
        sw      a0, 0(s0)
on_bounds:
        addi    a0, a0, 1
done:   j       done
