# What if the return from a trap is not privileged? Any program may then put on
# the PSW that the last trap saved. A user program whose kernel came back from a
# trap by `rfe` finds its own there; but a guest kernel under a VMM returns with
# the VMM's registers, not its own, and traps nowhere.
#   trapeze verify minos --profile docs/examples/open-rfe.profile
profile open-rfe;
extends pg;
title "Popek and Goldberg's machine with an open return from trap";
story "The return from trap executes in every mode: user programs change mode and relocation, and no theorem holds.";

outside rfe = full;
