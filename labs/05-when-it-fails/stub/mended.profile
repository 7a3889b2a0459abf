# machine.profile, mended.
profile mended;
extends pg;
outside popf = partial;
