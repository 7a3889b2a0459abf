# The MIPS with what docs/mmu.md has of it: a TLB that the kernel refills, and the
# segment that is not mapped.
profile r4000;
extends mips;
title  "MIPS R4000, with its TLB and kseg0";
story  "The kernel's segment is the kernel's alone: in a virtual machine each instruction there is a trap.";
source "MIPS R4000 Microprocessor User's Manual, 1994; Bugnion, Devine and Rosenblum, Disco, SOSP 1997";

mmu tlb;
kseg;
