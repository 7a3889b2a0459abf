_start: frobnicate
