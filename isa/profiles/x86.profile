# The Pentium as Robin and Irvine examined it: 17 instructions are sensitive and
# unprivileged. Their whole list ends this file.
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

# Their list: each of the 17, what stands for it here, and its category. PG32 has no
# segments and no gates; the four that are checked by them have a nearest kin only.
real "SGDT" = svbr "shows the real table of segments, which the VMM set up" source "Robin and Irvine 2000: sensitive register";
real "SIDT" = svbr "shows the real table of interrupts: our vector base" source "Robin and Irvine 2000: sensitive register";
real "SLDT" = svbr "shows which local table is the real one" source "Robin and Irvine 2000: sensitive register";
real "SMSW" = rdpsw "shows the real machine status word, the low half of CR0" source "Robin and Irvine 2000: sensitive register";
real "PUSHF" = pushf "shows the real IF, which is on while a guest runs" source "Robin and Irvine 2000: sensitive register";
real "POPF" = popf "a guest kernel's IF silently stays as it is: VMware translated kernels because of such instructions, Xen had them changed at the source, VT-x gave guests an IF of their own" source "Robin and Irvine 2000: sensitive register";
real "LAR" = probe "shows a segment's rights, if the real level may see them" source "Robin and Irvine 2000: protection system";
real "LSL" = probe "shows its limit, likewise" source "Robin and Irvine 2000: protection system";
real "VERR, VERW" = probe "says whether the real level may read or write it" source "Robin and Irvine 2000: protection system";
real "PUSH" = rdpsw "of CS or SS: stores the real level with the selector" source "Robin and Irvine 2000: protection system";
real "MOV" = rdpsw "from CS or SS: likewise. To a segment register: checked as POP is" source "Robin and Irvine 2000: protection system";
real "POP" = lpsw "to a segment register: executes if the real level may load it, else faults. Nearest is a load whose outcome a check of privilege decides; lost is the segment" source "Robin and Irvine 2000: protection system";
real "RET" = lpsw "far: executes towards the same or a less privileged level, so a guest kernel that enters a user program traps nowhere" source "Robin and Irvine 2000: protection system";
real "CALL" = lpsw "far: the target's privilege decides. Lost is the call gate, by which a call raises its level without a trap; here nothing but a trap does" source "Robin and Irvine 2000: protection system";
real "JMP" = lpsw "far: the target's privilege decides. Lost is the task gate, which exchanges the whole state" source "Robin and Irvine 2000: protection system";
real "INT n" = sys "the gate compares its level with the real one, then enters the real kernel, the VMM. Here it is errant: it traps in every mode, so the VMM always learns of it; lost is the gate" source "Robin and Irvine 2000: protection system";
real "STR" = svbr "shows the real task register, whose selector holds a level" source "Robin and Irvine 2000: protection system";
