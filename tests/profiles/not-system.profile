profile bad;
title "T";
modes 2;
mmu bounds;
io ports;

outside add = trap;
outside sys = nop;
absent jalr;
