# nanovmm-2: a monitor on a monitor: nanovmm, whose guest is nanovmm, whose guest is minos
.include "nanovmm/monitor.inc"
        .incbin "nanovmm.elf"
image_end:
