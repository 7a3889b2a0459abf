# The paper's machine with its devices behind a channel, for channel.s.
profile channel;
extends pg;
title "Popek and Goldberg's machine, its devices behind a channel";
story "A device is driven by a program in storage, which the hardware trusts.";
io channel;
