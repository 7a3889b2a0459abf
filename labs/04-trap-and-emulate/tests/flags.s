# pushf and popf: carry, overflow and IE through the stack, and nothing else of the PSW.
.include "lab.inc"
        .globl  _start
_start: la      sp, stack
        li      t0, -1
        addc    a0, t0, t0              # carry
        sti
        pushf
        lw      a1, 0(sp)
        cli
        addc    a0, zero, zero
        popf
        mfcr    a2, psw
        li      t0, -1                  # all ones: only three bits of it may matter
        sw      t0, -4(sp)
        addi    sp, sp, -4
        popf
        mfcr    a3, psw
        cli
        mfcr    a4, psw
done:   j       done
        .bss
        .align  4
        .space  64
stack:
