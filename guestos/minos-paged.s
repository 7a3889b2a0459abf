# minos, with an address space of pages for each process (--mmu=paged)
#
# What is not needed is not there: pages come when they are touched, and go to the disk
# when others need the room. docs/minos.md tells how; minos/paging.inc does it.
.equ PAGING, 1
.include "minos.s"
