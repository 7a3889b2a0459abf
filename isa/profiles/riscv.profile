# M, S and U are 0, 1 and 2 here (3, 1 and 0 there).
profile riscv;
title  "RISC-V with M, S and U";
story  "Every access to control state traps in user mode, counters included while counteren is clear.";
source "The RISC-V Instruction Set Manual, volume II: Privileged Architecture, 20190608";

modes 3;
mmu   bounds;
io    ports;

outside rfe    = trap as "MRET, SRET" source "Privileged Architecture, trap-return instructions";
outside mfcr   = trap as "CSRRS" source "Privileged Architecture, CSR address mapping";
outside mtcr   = trap as "CSRRW" source "Privileged Architecture, CSR address mapping";
outside rdpsw  = trap as "CSRRS of mstatus, sstatus" source "Privileged Architecture, CSR address mapping";
outside sti    = trap as "CSRRS of mstatus.MIE, sstatus.SIE" source "Privileged Architecture, CSR address mapping";
outside cli    = trap as "CSRRC of mstatus.MIE, sstatus.SIE" source "Privileged Architecture, CSR address mapping";
outside svbr   = trap as "CSRRS of mtvec, stvec" source "Privileged Architecture, CSR address mapping";
outside cpuid  = trap as "CSRRS of mvendorid, marchid" source "Privileged Architecture, CSR address mapping";
outside rdtick = trap as "RDCYCLE, counteren clear" source "Privileged Architecture, counter-enable registers";
outside wfi    = trap as "WFI" source "Privileged Architecture, WFI: may trap in user mode when S is there";
