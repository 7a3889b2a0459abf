# One hole through which nothing leaks under this VMM: relocation as the guest would
# have it and as the VMM composes it lets the same addresses through.
profile probe;
extends pg;
title "Popek and Goldberg's machine with an open probe";
story "No theorem holds, and yet no program can tell: the condition is sufficient, not necessary.";
source "our example; no real machine";

outside probe = full as "a probe that looks at the real bound" source "our example; no real machine";
