# Hypercalls of its own, one of which looks like any other, and words that are no code.
.include "pg32.inc"
        .globl  _start
code:
_start: la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      s0, 0
        hcall   7
        sti
        pushf
        cli
        hcall   0xffff
        popf                            # on again
        pushf
        pop     a0
        hcall   0
        halt
# Counts, and goes on behind it.
on_hcall:
        addi    s0, s0, 1
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
code_end:
        .align  4
vectors: .fill  CAUSE_COUNT, 4, on_hcall
        .bss
        .align  4
        .space  64
stack:
