# A machine on which any program may turn interrupts off. No machine was meant to
# be so; a VMM on it loses the processor to its first guest that does.
profile cli-full;
title  "cli works in every mode";
story  "User code turns the real interrupts off, and neither a kernel nor a VMM gets the processor back.";
modes  2;
mmu    bounds;
io     ports;

outside cli = full;
