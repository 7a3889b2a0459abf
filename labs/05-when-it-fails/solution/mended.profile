profile mended;
extends pg;
outside popf = trap;
outside probe = trap;
