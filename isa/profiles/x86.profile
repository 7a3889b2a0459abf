# The Pentium as Robin and Irvine examined it: 17 instructions are sensitive and
# unprivileged. Each that PG32 has a counterpart of is here; the rest of the list
# works on segments, gates and call frames that PG32 does not have.
profile x86;
title  "Intel x86 before VT-x";
story  "popf outside the privileged mode silently leaves the interrupt flag alone, and six others show what they should not.";
source "Robin and Irvine, Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor, USENIX Security 2000";

modes 2;
mmu   bounds;
io    ports;

outside popf  = partial as "POPF" source "Robin and Irvine 2000, sensitive register instructions";
outside pushf = full as "PUSHF" source "Robin and Irvine 2000, sensitive register instructions";
outside svbr  = full as "SIDT, SGDT, SLDT" source "Robin and Irvine 2000, sensitive register instructions";
outside rdpsw = full as "SMSW, PUSH CS" source "Robin and Irvine 2000, both groups";
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
