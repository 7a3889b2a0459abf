profile mine;
extends pg;
keys;
