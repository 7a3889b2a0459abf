profile bad;
title "T";
modes 2;
mmu bounds;
io ports;

outside popf = parital as "POPF";
outside pushf = partial;
outside lpsw = silently;
outside sti = absent;
