# One hole in an otherwise virtualizable machine, to see what a single
# instruction does.
profile x86-popf;
extends pg;
title  "Popek and Goldberg's machine with x86's POPF";
story  "One hole: popf outside the privileged mode silently leaves the interrupt flag alone.";
source "Robin and Irvine, Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor, USENIX Security 2000";

outside popf = partial as "POPF" source "Robin and Irvine 2000, sensitive register instructions";

real "POPF" = popf "a guest kernel's IF silently stays as it is: VMware translated kernels because of such instructions, Xen had them changed at the source, VT-x gave guests an IF of their own";
