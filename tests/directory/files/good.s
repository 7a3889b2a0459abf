_start: halt
