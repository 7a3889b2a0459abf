# Never ends; the others must.
1:      j       1b
