# Wrong monitors (part of run.sh): what is wrong, in which file, the line as sed changes it.

# Time.
mutant "the clock is one tick ahead after a trap" dispatch.inc 's/SINCE_TRAP, 1 +/SINCE_TRAP, 0 +/'
mutant "the clock is one tick behind at the way back" dispatch.inc 's/^\.equ TILL_GUEST, /&1 + /'
mutant "a loan is one tick too long" dispatch.inc 's/TILL_LENT - 1/TILL_LENT/'
mutant "a loan is one tick too short, and the timer comes when nothing is due" dispatch.inc \
  's/^        bnez    a0, 1f/        li a0, 1/' minos --input guestos/minos.in --ticks 100000
mutant "a late interrupt of the real timer is not cleared" dispatch.inc '/mtcr    ipend, zero/d' storm --ticks 3000
mutant "a delivery takes no time" reflect.inc 's/li      a0, 1$/li a0, 0/'
mutant "mtcr timer does not forget what was due" emulate.inc '/put     zero, TIMER/d'
mutant "the timer counts from before the mtcr" emulate.inc '/^2: .*mv      s1, a0/,/put     s1/{/call    pass/d;s/put     s1, TIMER/&\n        li a0, 1\n        call pass/}'
mutant "the disk counts from before the out" devices.inc 's/DISK_LATENCY + 1/DISK_LATENCY/'
mutant "the network counts from before the out" devices.inc 's/NET_LATENCY + 1/NET_LATENCY/' net
mutant "sending and receiving disturb each other" devices.inc 's/~RECEIVE_ERROR/~SEND_ERROR/' net
mutant "the clock stands while the guest waits" time.inc 's/^1:      call    pass/1:/' disk --ticks 20000
mutant "waiting ends past the event" time.inc 's/bltu    a0, s0, 1f/j 1f/'
mutant "what is due when it halts does not happen" emulate.inc '/^v_halt:/,/pass/s/call    pass/nop/'

# Interrupts and traps.
mutant "the highest line first" time.inc 's/li      t1, CAUSE_TIMER - 1/li t1, CAUSE_TIMER/;s/andi    t0, a0, 1$/andi t0, a0, 2/'
mutant "a delivered line stays up" time.inc 's/xor     t2, t2, t0 /mv t2, t2 /'
mutant "masked lines wake it" time.inc '0,/and     a0, a0, t0/s//nop/'
mutant "typing raises no line" devices.inc 's/ori     t0, t0, LINE_CONSOLE/nop/'
mutant "privileged instructions are emulated for user mode too" dispatch.inc 's/bnez    t0, reflect /nop /'
mutant "the real cause of a memory trap is copied" reflect.inc 's/bgez    a0, 2f/li a0, -CAUSE_BOUNDS/'
mutant "delivery leaves IE on" reflect.inc 's/PSW_C | PSW_V /PSW_FLAGS /'
mutant "delivery forgets the previous mode" reflect.inc 's/or      t0, t0, t1/nop/'
mutant "a vector beyond storage is read" reflect.inc 's/bgeu    t1, t2, 1f/nop/' double
mutant "a vector beyond the end of all addresses is read" reflect.inc 's/bltu    t1, t0, 1f/nop/' WRAP
mutant "an odd handler is entered" reflect.inc 's/bnez    t2, 1f/nop/'

# State.
mutant "C and V are not taken over" dispatch.inc 's/andi    a1, a1, PSW_C | PSW_V/li a1, 0/'
mutant "popf restores more than flags" emulate.inc 's/andi    a0, a0, PSW_FLAGS/andi a0, a0, PSW_BITS/'
mutant "juser does not turn translation on" emulate.inc 's/ori     t0, t0, PSW_TE/nop/'
mutant "a mode is written that there is not" emulate.inc 's/call    legal_psw/andi a0, a0, PSW_BITS/'
mutant "every bit of IMASK can be written" emulate.inc 's/-1, 0, LINES, LINES, 0/-1, 0, LINES, -1, 0/'
mutant "register zero keeps what is put there" emulate.inc '/^answer:/,/^next:/s/sw      zero, regs/nop/'

# Storage and disk: these are the guest's way out.
mutant "the guest's bound is believed" memory.inc 's/bgeu    t2, t1, 2f/nop/'
mutant "a base beyond storage is believed" memory.inc 's/bltu    a0, t1, 1f/j 1f/'
mutant "a sum of base and address wraps" memory.inc 's/bltu    a0, t1, 2f/nop/'
mutant "emulated stores may go beyond storage" memory.inc '/^1:      add     t0, a0, a1/,/ret/s/bltu    t1, t0, 2f/nop/' store
mutant "transfers may go beyond storage" devices.inc 's/bltu    t1, a2, 2f/nop/' dma --ticks 3000000
mutant "sectors behind the mini-disk can be reached" devices.inc 's/bltu    t1, a1, 2f/nop/' dma --ticks 3000000
mutant "a mini-disk begins at sector 0" devices.inc 's/addi    t0, t0, MINIDISK_FIRST/nop/' dma --ticks 3000000
