# minos, for machines whose devices are mapped into memory (--io=mmio)
#
# Not one instruction of minos is another, but for those that reach a device.
.equ MMIO, 1
.include "minos.s"
