# nanovmm: a virtual machine monitor that is itself a guest, with minos in its virtual machine
# ======================================================================================
#
# Theorem 2 of Popek and Goldberg: a machine is recursively virtualizable if it is
# virtualizable and a monitor without timing dependencies can be made for it. This is
# such a monitor, written for the machine itself: trap and emulate, for the
# relocation-bounds MMU, one virtual machine. It runs on the bare machine, in a virtual
# machine, and in a virtual machine of its own (nanovmm-2.s). docs/nanovmm.md is the tour;
# read the files in this order:
#
#   nanovmm/defs.inc      the numbers
#   nanovmm/boot.inc      from reset to the guest's first instruction
#   nanovmm/dispatch.inc  D: every trap of the real machine comes here; the way back
#   nanovmm/time.inc      the guest's clock, its timer, its interrupts, its waiting
#   nanovmm/emulate.inc   {vi}: one routine for each privileged instruction
#   nanovmm/reflect.inc   traps that are the guest's own
#   nanovmm/memory.inc    the guest's relocation, composed with ours
#   nanovmm/devices.inc   its console; its disk, an extent of ours; its network: none
#   nanovmm/print.inc     last words
#   nanovmm/state.inc     all that there is to know of the virtual machine
#
# "Real" is the machine that nanovmm runs on, whatever that may be. It tells no
# difference, and that is the theorem.
#
# Real storage:
#
#     0x00000  not used
#     0x01000  nanovmm: text, then data, below 0x8000: `lw t0, name` reaches all of it
#     image    the guest as an ELF file, as it came
#     storage  the guest's storage: its physical address 0; to the end of ours
#
# Registers: all of the guest's are in `regs` while nanovmm runs. In a routine,
#
#     a0-a2    arguments, results           t0-t2   scratch
#     s0       the instruction word         s1      operand address (emulate.inc)
#
# Build options (`trapeze asm -D NAME=VALUE`, or .equ in a file like nanovmm-2.s):
# STATS 1: numbers when the guest halts. MINIDISK_FIRST, MINIDISK_SECTORS, GUEST_STORAGE:
# what the allocator gives.

.include "nanovmm/monitor.inc"
        .incbin "minos.elf"
image_end:
