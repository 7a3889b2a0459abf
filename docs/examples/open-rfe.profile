# What if the return from a trap is not privileged? It puts on the PSW that the
# last trap saved, whoever saved it. Under a VMM those registers are the VMM's: a
# guest kernel that returns from its own trap returns with them, traps nowhere,
# and comes out in mode 0 of the real machine. See docs/profiles.md.
#   trapeze verify minos --profile docs/examples/open-rfe.profile
profile open-rfe;
extends pg;
title "Popek and Goldberg's machine with an open return from trap";
story "The return from trap executes in every mode: whoever knows what was saved last becomes it, and no theorem holds.";

outside rfe = full as "a return from interrupt that checks nothing" source "our example; no real machine";
