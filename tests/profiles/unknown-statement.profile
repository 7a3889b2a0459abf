profile bad;
title "T";
modes 2;
mmu bounds;
io ports;

outsied popf = partial as "POPF" source "x";
colour green;
