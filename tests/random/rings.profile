# Four modes and storage keys, and everything sensitive traps in three of the modes:
# Theorem 1 holds.
profile random-rings;
title  "Four rings";
modes  4;
mmu    bounds;
io     ports;
keys;
