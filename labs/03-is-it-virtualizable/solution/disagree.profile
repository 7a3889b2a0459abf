profile disagree;
extends pg;
outside popf = partial;
outside sti = nop;
outside cli = nop;
outside spl = nop;
outside wfi = nop;
outside halt = nop;
outside out = nop;
