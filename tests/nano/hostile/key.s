# Sets the storage key of its first block: nanovmm is made for machines without keys.
        .globl  _start
_start: li      t0, 1
        ssk     t0, zero
        halt
