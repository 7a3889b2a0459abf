# With --io=mmio devices are words of memory. The access traps, because such an address
# is no storage, and is neither the guest's trap nor a privileged instruction.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_BUS, on_bus
        li      a0, '!'
        sw      a0, MMIO_START(zero)
        lw      a1, MMIO_START + 4 * DISK_SIZE(zero)
        lw      a2, MMIO_START + 4 * 0x300(zero)
on_bus: addi    a3, a3, 1
        lb      a2, MMIO_START(zero)
done:   j       done
