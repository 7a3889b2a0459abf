# A privileged instruction of the guest's user program: the guest's own machine would have
# trapped, so the guest's kernel sees the trap. To emulate it would give the kernel away.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_PRIVILEGED, on_privileged
        vector  CAUSE_SYSCALL, done
        user    program
program:
        li      a0, 1
        cli
        sys     1
on_privileged:
        addi    a0, a0, 1
        addi    a1, a1, 1
        li      t0, 4
        beq     a0, t0, done
        user    more
more:   halt
done:   j       done
