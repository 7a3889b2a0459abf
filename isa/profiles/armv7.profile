# PL1 and PL0, without the virtualization extensions; of the security extensions only
# the vector base. The RFE and SRS instructions are unpredictable in user mode and
# taken to trap, as is WFI, a hint that may be ignored. The manual calls the mode and
# mask bits that MRS reads in user mode unknown; what processors return are the real ones.
profile armv7;
title  "ARMv7-A before its virtualization extensions";
story  "CPS is ignored and MSR changes the flags alone outside the privileged modes: a guest kernel's masking of interrupts gets lost.";
source "ARM, Architecture Reference Manual ARMv7-A and ARMv7-R, DDI 0406; Penneman et al., Formal Virtualization Requirements for the ARM Architecture, 2013";

modes 2;
mmu   bounds;
io    ports;

outside sti    = nop as "CPSIE" source "DDI 0406, CPS: NOP in user mode";
outside cli    = nop as "CPSID" source "DDI 0406, CPS: NOP in user mode";
outside popf   = partial as "MSR CPSR" source "DDI 0406, MSR: user mode writes the flags only";
outside rdpsw  = full as "MRS CPSR" source "DDI 0406, MRS; Penneman et al. 2013";
outside ldprev = full as "LDRT, LDM (user registers)" source "DDI 0406, LDRT and LDM; Penneman et al. 2013";
outside stprev = full as "STRT, STM (user registers)" source "DDI 0406, STRT and STM; Penneman et al. 2013";

outside rfe    = trap as "RFE, SUBS pc, lr" source "DDI 0406, unpredictable in user mode";
outside lpsw   = trap as "LDM (exception return)" source "DDI 0406, unpredictable in user mode";
outside svbr   = trap as "MRC from VBAR" source "DDI 0406, CP15 registers at PL0 (Security Extensions)";
outside mfcr   = trap as "MRC" source "DDI 0406, CP15 registers at PL0";
outside mtcr   = trap as "MCR" source "DDI 0406, CP15 registers at PL0";
outside cpuid  = trap as "MRC from MIDR" source "DDI 0406, CP15 registers at PL0";
outside rdtick = trap as "MRC from PMCCNTR, PMUSERENR.EN clear" source "DDI 0406, performance monitors";
outside wfi    = trap as "WFI" source "DDI 0406, WFI: a hint";
