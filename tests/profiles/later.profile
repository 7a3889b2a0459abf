profile bad;
title "T";
modes 2;
mmu paged;
io ports;
