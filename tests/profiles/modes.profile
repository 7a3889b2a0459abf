profile bad;
title "T";
modes 5;
mmu bounds;
io ports;
