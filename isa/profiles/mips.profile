# Kernel, supervisor and user are 0, 1 and 2, as on the real machine. All of the
# system part is coprocessor 0, unusable outside the kernel. What Disco met was no
# instruction: kseg0 and kseg1, the segments that are not mapped, belong to the
# kernel alone, so a guest kernel linked there faults at every access. That is a
# memory trap: efficiency suffers, not safety. Relocation and bound stand in here for the
# software-refilled TLB and these segments; a profile that extends this one has them
# with `mmu tlb; kseg;`. Disco ran its guests' kernels in the supervisor mode, so
# does a VMM here.
profile mips;
title  "MIPS R4000, R10000";
story  "No sensitive instruction is left to user programs; Disco's trouble was a kernel segment that only the kernel may touch.";
source "MIPS R4000 Microprocessor User's Manual, 1994; Bugnion, Devine and Rosenblum, Disco, SOSP 1997";

modes 3;
middle;
mmu   bounds;
io    ports;

outside rfe    = trap as "ERET" source "R4000 User's Manual, coprocessor unusable";
outside mfcr   = trap as "MFC0" source "R4000 User's Manual, coprocessor unusable";
outside mtcr   = trap as "MTC0" source "R4000 User's Manual, coprocessor unusable";
outside rdpsw  = trap as "MFC0 Status" source "R4000 User's Manual, coprocessor unusable";
outside sti    = trap as "MTC0 Status" source "R4000 User's Manual, coprocessor unusable";
outside cli    = trap as "MTC0 Status" source "R4000 User's Manual, coprocessor unusable";
outside rdtick = trap as "MFC0 Count" source "R4000 User's Manual, coprocessor unusable";
outside cpuid  = trap as "MFC0 PRId" source "R4000 User's Manual, coprocessor unusable";
