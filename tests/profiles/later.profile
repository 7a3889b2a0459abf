profile bad;
title "T";
modes 2;
mmu nested;
io ports;
