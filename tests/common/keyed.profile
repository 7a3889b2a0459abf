# pg with storage keys and one mode more: everything sensitive traps.
profile keyed;
title "Storage keys";
modes 3;
mmu bounds;
io ports;
keys;
