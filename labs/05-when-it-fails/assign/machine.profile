# The machine on which it fails: Popek and Goldberg's, but for two lines.
profile machine;
extends pg;
outside popf = partial as "POPF";
outside ${OTHER} = full;
