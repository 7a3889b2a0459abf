# The paper's machine with devices in memory, for mmio.s.
profile mmio;
extends pg;
title "Popek and Goldberg's machine, its devices mapped into memory";
story "Ports have no instructions: whoever may address a device may use it.";
io mmio;
