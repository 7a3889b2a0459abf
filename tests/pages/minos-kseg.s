# minos-tlb whose kernel executes its code in the unmapped segment: for a machine with
# `mmu tlb; kseg;`, as tests/pages/r4000.profile describes one.
.equ PAGING, 1
.equ REFILL, 1
.equ KSEG, 1
.include "minos.s"
