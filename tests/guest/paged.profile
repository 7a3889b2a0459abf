# Four modes and page tables.
extends pg;
profile paged;
modes 4;
mmu paged;
