# PSW and pc from memory, both or neither.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_ALIGNMENT, on_alignment
        la      s0, new
        lpsw    0(s0)
        addi    a0, a0, 1               # not executed
here:   mfcr    a1, psw
        lpsw    2(s0)
on_alignment:
        mfcr    a2, badva
        mfcr    a3, epsw
done:   j       done
        .align  4
new:    .word   PSW_IE, here
