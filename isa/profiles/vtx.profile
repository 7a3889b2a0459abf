# The guest side of an x86 processor with VT-x: outside mode 0 is non-root
# operation with every intercept on, so what is sensitive exits to the VMM. The
# real processor lets most of it run on the guest's own state, and walks nested
# tables for the guest's storage: so does this one with `--mmu nested`, where the
# guest has pages. Relocation and bound stand in without.
profile vtx;
title  "Intel x86 with VT-x, all intercepts on";
story  "The hole is closed by the hardware: what used to execute silently leaves the guest instead.";
source "Intel SDM volume 3, VMX non-root operation; Uhlig et al., Intel Virtualization Technology, IEEE Computer 38(5), 2005";

modes 2;
mmu   bounds;
io    ports;

outside popf   = trap as "POPF" source "SDM volume 3: IF is the guest's own; here it exits";
outside pushf  = trap as "PUSHF" source "SDM volume 3: IF is the guest's own; here it exits";
outside rdpsw  = trap as "SMSW" source "SDM volume 3: of what the CR0 mask hides it reads a shadow; here it exits";
outside svbr   = trap as "SIDT, SGDT, SLDT, STR" source "SDM volume 3, descriptor-table exiting";
outside mfcr   = trap as "MOV from CR" source "SDM volume 3, CR3-store exiting; of CR0 and CR4 a shadow is read, here it exits";
outside mtcr   = trap as "MOV to CR" source "SDM volume 3, CR3-load exiting, guest/host masks of CR0 and CR4";
outside wfi    = trap as "HLT" source "SDM volume 3, HLT exiting";
outside rdtick = trap as "RDTSC" source "SDM volume 3, RDTSC exiting";
outside cpuid  = trap as "CPUID" source "SDM volume 3: exits unconditionally";
outside in     = trap as "IN" source "SDM volume 3, unconditional I/O exiting";
outside out    = trap as "OUT" source "SDM volume 3, unconditional I/O exiting";
