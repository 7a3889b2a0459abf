profile bad;
title "T";
modes 2;
mmu bound;
io potrs;
