# Sensitive instructions are ignored outside mode 0, without a trap. A VMM stays in
# control; its guests get nowhere.
profile hostile-nop;
title  "Nothing sensitive executes outside mode 0";
modes  4;
mmu    bounds;
io     ports;

outside rfe    = nop;
outside lpsw   = nop;
outside juser  = nop;
outside pushf  = nop;
outside popf   = nop;
outside rdpsw  = nop;
outside sti    = nop;
outside cli    = nop;
outside spl    = nop;
outside mfcr   = nop;
outside mtcr   = nop;
outside svbr   = nop;
outside wfi    = nop;
outside halt   = nop;
outside lra    = nop;
outside probe  = nop;
outside ldprev = nop;
outside stprev = nop;
outside rdtick = nop;
outside cpuid  = nop;
outside in     = nop;
outside out    = nop;
