profile 68000;
title "T";
modes 2;
mmu bounds;
io ports;

outside 3com = trap;
