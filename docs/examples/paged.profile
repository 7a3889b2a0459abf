# Popek and Goldberg's machine with page tables in the place of BASE and BOUND, for directories;
# for a command's own machine --mmu=paged says the same.
profile paged;
extends pg;
mmu paged;
title "Popek and Goldberg's machine, with page tables";
story "Every sensitive instruction is privileged; a page can lie in any frame.";
