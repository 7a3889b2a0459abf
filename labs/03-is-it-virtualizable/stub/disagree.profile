# As ASSIGNMENT.txt orders it. docs/profiles.md: what may stand here.
profile disagree;
extends pg;
