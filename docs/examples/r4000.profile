# The R4000 as Disco met it: the TLB is refilled by software, and 0x80000000 to 0x9fffffff is
# the kernel's alone, unmapped. See docs/memory.md.
#   trapeze verify kseg --profile docs/examples/r4000.profile
profile r4000;
extends mips;
mmu tlb;
kseg;
title "MIPS R4000 with its TLB and unmapped segment";
story "Every sensitive instruction traps, and a guest kernel in the unmapped segment traps at each instruction.";
