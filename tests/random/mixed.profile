# Every variant that the definition names, in every mode but the first.
profile random-mixed;
title  "Variants";
modes  3;
mmu    bounds;
io     ports;
keys;

outside lpsw = check;
outside popf = partial;
outside sti  = nop;
outside halt = nop;
