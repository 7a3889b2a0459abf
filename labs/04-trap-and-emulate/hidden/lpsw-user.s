# On a machine like the VAX a user's lpsw executes, but not towards more privilege: then it
# traps. It is the guest's program that is checked, with the guest's rights.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_PRIVILEGED, on_privileged
        user    program
program:
        la      s0, kernel
        lpsw    0(s0)
        addi    a0, a0, 1
here:   addi    a0, a0, 1
on_privileged:
        mfcr    a1, epc
        mfcr    a2, psw
done:   j       done
        .align  4
kernel: .word   0, here
