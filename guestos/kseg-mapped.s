# kseg-mapped: kseg, linked where its pages are mapped (--mmu=tlb).
#
# What Disco had done to its guest's kernel: nothing else is changed, and a monitor executes
# it directly.

.equ KERNEL, 0xc0000000
.include "kseg.s"
