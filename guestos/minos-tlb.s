# minos with pages, where the kernel itself refills the TLB (--mmu=tlb)
#
# minos-paged, and one routine more: minos/refill.inc.
.equ PAGING, 1
.equ REFILL, 1
.include "minos.s"
