profile disclosing;
extends pg;
outside svbr = full;
