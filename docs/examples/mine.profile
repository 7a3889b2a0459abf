# x86 with one line changed, to see what that does: docs/classification.md.
profile mine;
extends x86;

outside popf = trap as "POPF, if it trapped";
