# No machine was ever built like this: any program may turn interrupts off.
profile ieoff;
extends pg;
title  "A machine whose cli works in every mode";
story  "User code turns the real interrupt enable off, and the timer's interrupt never comes.";
source "made up";

outside cli = full;
