# pg with page tables, and a segment that no table maps.
profile segment;
extends pg;
mmu paged;
kseg;
