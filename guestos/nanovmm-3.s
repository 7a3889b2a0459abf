# nanovmm-3: three monitors, each in the virtual machine of the one below; then minos
.include "nanovmm/monitor.inc"
        .incbin "nanovmm-2.elf"
image_end:
