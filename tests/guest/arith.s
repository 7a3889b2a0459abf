# Results at the edges: where a sum wraps, a sign changes, a divisor is nothing.
# The unit tests go through all of them; this is what a program sees.
# vmm: pg s360 x86 x86-popf pdp10
.include "check.inc"

begin:
        li      s0, 0x7fffffff
        li      s1, 0x80000000
        addi    t0, s0, 1
        is      "sums wrap", t0, 0x80000000             #> sums wrap: ok
        sub     t0, zero, s1
        is      "the least number is its own negative", t0, 0x80000000 #> the least number is its own negative: ok
        slt     t0, s1, s0
        is      "signed, 80000000 is less", t0, 1       #> signed, 80000000 is less: ok
        sltu    t0, s1, s0
        is      "unsigned, it is not", t0, 0            #> unsigned, it is not: ok
        sltiu   t0, s1, -1
        is      "immediates are extended by sign even here", t0, 1 #> immediates are extended by sign even here: ok
        sra     t0, s1, s0
        is      "shifts use five bits, sra keeps the sign", t0, 0xffffffff #> shifts use five bits, sra keeps the sign: ok
        srl     t0, s1, s0
        is      "srl does not", t0, 1                   #> srl does not: ok
        mulh    t0, s1, s1
        is      "mulh of the least by itself", t0, 0x40000000 #> mulh of the least by itself: ok
        mulhsu  t0, s1, s1
        is      "mulhsu of it", t0, 0xc0000000          #> mulhsu of it: ok
        mulhu   t0, s1, s1
        is      "mulhu of it", t0, 0x40000000           #> mulhu of it: ok
        li      t1, -7
        li      t2, 2
        div     t0, t1, t2
        is      "division goes towards zero", t0, -3    #> division goes towards zero: ok
        rem     t0, t1, t2
        is      "the remainder has the dividend's sign", t0, -1 #> the remainder has the dividend's sign: ok
        div     t0, t1, zero
        is      "by zero: all ones", t0, -1             #> by zero: all ones: ok
        remu    t0, t1, zero
        is      "remainder by zero: the dividend", t0, -7 #> remainder by zero: the dividend: ok
        li      t2, -1
        div     t0, s1, t2
        is      "the quotient that overflows", t0, 0x80000000 #> the quotient that overflows: ok
        rem     t0, s1, t2
        is      "and its remainder", t0, 0              #> and its remainder: ok
        addi    zero, s0, 0
        is      "zero stays zero", zero, 0              #> zero stays zero: ok

# 0xfffffffe:ffffffff + 1:1 with carry, then what is left of it minus the same.
        addc    zero, zero, zero        # C := 0
        li      t0, -1
        li      t1, 1
        addc    t0, t0, t1
        li      t2, -2
        addc    t2, t2, t1
        is      "low word of a long sum", t0, 0         #> low word of a long sum: ok
        is      "high word: the carry came", t2, 0      #> high word: the carry came: ok
        addi    t0, t0, 100             # does not disturb the carry of the last addc
        addc    t0, zero, zero
        is      "addi leaves C alone", t0, 1            #> addi leaves C alone: ok
        addc    t0, s0, t1              # signed overflow, no carry
        pushf
        pop     t0
        andi    t0, t0, 0xc0
        is      "V without C", t0, 0x80                 #> V without C: ok
        subc    t0, zero, t1            # a borrow, no overflow
        pushf
        pop     t0
        andi    t0, t0, 0xc0
        is      "C without V", t0, 0x40                 #> C without V: ok
        subc    t0, t1, zero
        is      "subc subtracts the borrow", t0, 0      #> subc subtracts the borrow: ok

        la      s0, bytes
        lb      t0, 3(s0)
        is      "lb extends the sign", t0, -128         #> lb extends the sign: ok
        lbu     t0, 3(s0)
        is      "lbu does not", t0, 128                 #> lbu does not: ok
        lh      t0, 2(s0)
        is      "little-endian", t0, 0xffff8003         #> little-endian: ok
        sb      s1, 0(s0)
        lw      t0, 0(s0)
        is      "sb changes one byte", t0, 0x80030200   #> sb changes one byte: ok
        halt

        .data
        .align  4
bytes:  .byte   1, 2, 3, 128
