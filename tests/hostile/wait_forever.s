# Everything is masked, and nothing is to come.
# exit: 1
# says: the guest waits for an interrupt that cannot come, at tick [0-9]+
_start: mtcr    imask, zero
        wfi
