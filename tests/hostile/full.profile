# Everything executes in every mode. A VMM on this machine has nothing to hold on
# to: what it must do is to notice, and to say so.
profile hostile-full;
title  "Everything executes in every mode";
modes  4;
mmu    bounds;
io     ports;

outside rfe    = full;
outside lpsw   = full;
outside juser  = full;
outside pushf  = full;
outside popf   = full;
outside rdpsw  = full;
outside sti    = full;
outside cli    = full;
outside spl    = full;
outside mfcr   = full;
outside mtcr   = full;
outside svbr   = full;
outside wfi    = full;
outside halt   = full;
outside lra    = full;
outside probe  = full;
outside ldprev = full;
outside stprev = full;
outside rdtick = full;
outside cpuid  = full;
outside in     = full;
outside out    = full;
