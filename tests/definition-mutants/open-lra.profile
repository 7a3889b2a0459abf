# One hole: where things really lie is for everybody to see.
profile open-lra;
extends pg;
title "Popek and Goldberg's machine with an open load real address";
story "Programs see physical addresses.";
source "our example; no real machine";

outside lra = full as "LRA, were it not privileged" source "our example; no real machine";
