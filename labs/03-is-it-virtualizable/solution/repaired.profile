profile repaired;
extends armv7;
outside rdpsw = trap;
outside mtcr = trap;
outside ldprev = trap;
outside stprev = trap;
