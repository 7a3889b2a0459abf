profile bad;
title "T";
modes 2;
mmu bounds;
io ports;

outside popf = partial;
modes 3;
title "again";
absent popf;
outside sti = nop;
outside sti = full;
