# Every instruction that reads or changes system state is privileged in the
# problem state. Said one by one here, with what the real machine has; what has
# no counterpart there (pushf, …) traps like everything not mentioned.
# The real interval timer lies in storage, at location 80; ours is a control
# register, because a location that ticks would make ordinary loads sensitive.
profile s360;
title  "IBM System/360-67";
story  "All sensitive instructions are privileged: the machine of CP-67, which came from CP-40 on a modified 360-40.";
source "IBM, System/360 Principles of Operation, GA22-6821; System/360 Model 67 Functional Characteristics, GA27-2719";

modes 2;
mmu   bounds;
io    ports;
keys;

outside lpsw = trap as "LPSW" source "GA22-6821";
outside rfe  = trap as "LPSW of an old PSW" source "GA22-6821";
outside popf = trap as "SSM" source "GA22-6821";
outside sti  = trap as "SSM" source "GA22-6821";
outside cli  = trap as "SSM" source "GA22-6821";
outside in   = trap as "RDD" source "GA22-6821";
outside out  = trap as "WRD" source "GA22-6821";
outside lra  = trap as "LRA" source "GA27-2719";
outside mfcr = trap as "STMC" source "GA27-2719";
outside mtcr = trap as "LMC" source "GA27-2719";
outside ssk  = trap as "SSK" source "GA22-6821";
outside isk  = trap as "ISK" source "GA22-6821";
outside wfi  = trap as "LPSW with the wait bit" source "GA22-6821";
