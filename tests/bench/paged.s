# pages.s, by page tables.
.equ PAGED, 1
.include "pages.s"
