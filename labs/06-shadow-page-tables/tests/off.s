# Translation off, on, and off again.
.include "lab.inc"
        .globl  _start
_start: li      s1, LOG
        li      t0, 0x18000
        li      t1, 77
        sw      t1, 0(t0)
        lw      a0, 0(t0)
        sw      a0, 0x100(t0)
        begin
        li      t0, 0x18000
        lw      a1, 0x100(t0)
        mfcr    t2, psw
        xori    t2, t2, PSW_TE
        mtcr    psw, t2
        sw      a1, 0x200(t0)
        enter   DIR
        lw      a2, 0x200(t0)
        li      t0, 0x18000
        lw      a2, 0x200(t0)
done:   j       done
        handler
