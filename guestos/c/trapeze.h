/* The machine, for C programs that run on it bare. docs/c.md. */
#ifndef TRAPEZE_H
#define TRAPEZE_H

/* Device registers: docs/machine.md lists the ports. */
unsigned c_in(unsigned port);
void c_out(unsigned port, unsigned value);
void c_halt(void) __attribute__((noreturn));

/* What a trap handler is given, and may change: the trap is returned from with it. */
struct trap_frame {
  unsigned cause, epc, epsw;
  unsigned ra, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5;
};
typedef void trap_handler(struct trap_frame *frame);
/* Called with interrupts off. At first: says what it was, and stops. */
extern trap_handler *c_on_trap;

/* Control registers by their names in docs/machine.md: get_cr(tick), set_cr(timer, 1000). */
#define get_cr(name)                                                                               \
  ({                                                                                               \
    unsigned value_;                                                                               \
    __asm__ volatile("mfcr %0, " #name : "=r"(value_));                                            \
    value_;                                                                                        \
  })
#define set_cr(name, value)  __asm__ volatile("mtcr " #name ", %0" : : "r"(value) : "memory")
#define interrupts_on()      __asm__ volatile("sti" : : : "memory")
#define interrupts_off()     __asm__ volatile("cli" : : : "memory")
#define wait_for_interrupt() __asm__ volatile("wfi" : : : "memory")

#endif
