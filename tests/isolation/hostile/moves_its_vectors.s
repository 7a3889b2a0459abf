# Has its vectors in its code, in its stack, at the end of storage, in the devices' page; and makes a
# system call at each. The last of them cannot be delivered.
# ends: double fault
.include "bad.inc"
begin:  la      s1, places
1:      lw      t0, 0(s1)
        mtcr    vbr, t0
        la      t1, bad_trap
        andi    t0, t0, -4
        sw      t1, 4*CAUSE_SYSCALL(t0)
        sys     1
        mtcr    vbr, zero
        lw      t1, traps
        say     t1
        addi    s1, s1, 4
        la      t0, places_end
        bltu    s1, t0, 1b
        li      t0, MMIO_START
        mtcr    vbr, t0
        sys     2
        halt
        .data
places: .word   0x100, 0xff00, BUFFER, BUFFER + 1, BUFFER + 2, STORAGE - 12
places_end:
