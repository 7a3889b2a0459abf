profile bad;
title "T";
modes two;
mmu bounds;
io ports;
