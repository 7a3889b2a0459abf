# minos with pages, which tells a VMM that listens about its storage (--mmu=paged)
#
# minos-paged, and what minos/balloon.inc adds: it says which pages are free, has pages
# cleared instead of clearing them, and does without some when the VMM is short of frames.
# In a directory with `hints yes;` for it; anywhere else it is minos-paged.
.equ PAGING, 1
.equ HINTS, 1
.include "minos.s"
