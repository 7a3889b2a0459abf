# The machine of the paper: nothing sensitive executes outside the privileged
# mode. What a profile does not mention traps, so there is nothing to mention.
profile pg;
title  "Popek and Goldberg's machine";
story  "Every sensitive instruction is privileged, so a VMM may be constructed.";
source "Popek and Goldberg, Formal Requirements for Virtualizable Third Generation Architectures, CACM 17(7), 1974";

modes 2;
mmu   bounds;
io    ports;
