profile bad;
title "no end;
modes 2;
mmu bounds;
io ports;
story unquoted;
