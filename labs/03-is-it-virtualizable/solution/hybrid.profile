profile hybrid;
extends pg;
modes 4;
outside mtcr = nop;
