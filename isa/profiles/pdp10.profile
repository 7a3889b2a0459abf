# Two jumps that a user program may execute too. Neither lets it out of user
# mode, so user programs are harmless; but a kernel that runs deprivileged and
# jumps to a user program traps nowhere, and the VMM never learns of it.
profile pdp10;
title  "DEC PDP-10 (KA10)";
story  "The return to user mode is a plain jump when executed in user mode, so only a hybrid VMM may be constructed.";
source "Popek and Goldberg, CACM 17(7), 1974; DEC, PDP-10 System Reference Manual";

modes 2;
mmu   bounds;
io    ports;

outside juser = full as "JRST 1" source "Popek and Goldberg 1974";
outside lpsw  = partial as "JRSTF" source "DEC, PDP-10 System Reference Manual, JRST";

real "JRST 1" = juser "the paper's example for Theorem 3. A hybrid virtual machine, all executive-mode code simulated, was built" source "Galley, PDP-10 Virtual Machines, 1973";
