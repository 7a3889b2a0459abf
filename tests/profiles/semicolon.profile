profile bad;
title "T"
modes 2;
mmu bounds;
io ports;
outside popf = partial as;
outside = full;
outside sti full
