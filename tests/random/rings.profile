# Four modes, and everything sensitive traps in three of them: Theorem 1 holds.
profile random-rings;
title  "Four rings";
modes  4;
mmu    bounds;
io     ports;
