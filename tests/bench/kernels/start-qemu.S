# qemu-system-riscv32, machine virt, no firmware: stack, all memory allowed to S-mode, main
# there if it wants pages, and the end by the test device.
        .section .text.unlikely         # which the linker puts first; there the machine starts
        .globl  _start
_start: la      sp, stack_top
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        li      t0, 0x1800              # MPP := S
        csrc    mstatus, t0
        li      t0, 0x0800
        csrs    mstatus, t0
        la      t0, supervisor
        csrw    mepc, t0
        mret
supervisor:
        call    main
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
1:      j       1b
        .bss
        .balign 16
        .space  65536
stack_top:
