profile bad;
title "T";
modes 2;
mmu bounds;
io ports;

outside popff = partial;
outside poopf = partial;
outside frobnicate = trap;
