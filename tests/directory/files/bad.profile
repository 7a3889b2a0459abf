profile bad;
extends pg;
modes 7;
