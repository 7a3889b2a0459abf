# x86's machine with page tables, for tests of paravirtual ones.
profile paged;
extends x86;
mmu paged;
