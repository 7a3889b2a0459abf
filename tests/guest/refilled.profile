# Four modes, a TLB that the kernel refills, and the unmapped segment.
extends pg;
profile refilled;
modes 4;
mmu tlb;
kseg;
