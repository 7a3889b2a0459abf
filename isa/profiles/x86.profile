# The Pentium as Robin and Irvine examined it: 17 instructions are sensitive and
# unprivileged. Their whole list, with what stands for each here, ends this file.
# Two modes of the four rings are modelled.
profile x86;
title  "Intel x86 before VT-x";
story  "popf outside the privileged mode silently leaves the interrupt flag alone, and others show or use what is not theirs.";
source "Robin and Irvine, Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor, USENIX Security 2000";

modes 2;
mmu   bounds;
io    ports;

outside popf  = partial as "POPF" source "Robin and Irvine 2000, sensitive register instructions";
outside pushf = full as "PUSHF" source "Robin and Irvine 2000, sensitive register instructions";
outside svbr  = full as "SIDT, SGDT, SLDT; STR" source "Robin and Irvine 2000, both groups";
outside rdpsw = full as "SMSW; PUSH CS, MOV from CS" source "Robin and Irvine 2000, both groups";
outside lpsw  = check as "RET far, IRET" source "Robin and Irvine 2000, protection system instructions";
outside probe = full as "LAR, LSL, VERR, VERW" source "Robin and Irvine 2000, protection system instructions";

# Our addition: both execute at every privilege level (CR4.TSD off), but they are
# not among the 17.
outside rdtick = full as "RDTSC" source "Intel SDM volume 2; our addition, not in Robin and Irvine";
outside cpuid  = full as "CPUID" source "Intel SDM volume 2; our addition, not in Robin and Irvine";

outside sti  = trap as "STI above IOPL" source "Intel SDM volume 2";
outside cli  = trap as "CLI above IOPL" source "Intel SDM volume 2";
outside mfcr = trap as "MOV from CR" source "Intel SDM volume 2";
outside mtcr = trap as "MOV to CR" source "Intel SDM volume 2";
outside wfi  = trap as "HLT" source "Intel SDM volume 2";
outside in   = trap as "IN above IOPL, port not in the I/O bitmap" source "Intel SDM volume 2";
outside out  = trap as "OUT above IOPL, port not in the I/O bitmap" source "Intel SDM volume 2";

# Robin and Irvine's two categories, and what stands for each of the 17:
#   sensitive register        SGDT SIDT SLDT         svbr
#                             SMSW                   rdpsw
#                             PUSHF                  pushf
#                             POPF                   popf
#   protection system         LAR LSL VERR/VERW      probe
#                             PUSH CS, SS            rdpsw: they show the level
#                             MOV from CS, SS        rdpsw
#                             STR                    svbr: a table's selector
#                             RET, far               lpsw, which checks the new level
#                             POP, MOV to a segment  no counterpart: segments
#                             CALL, JMP, far         no counterpart: segments, gates
#                             INT n                  no counterpart: gates
