#include "machine/bare.h"

static __attribute__((noinline)) void write_other(struct bare *b, unsigned cr, uint32_t value)
{
  switch (cr) {
  case CR_TICK:
  case CR_CPUID:
    break;
  case CR_BASE:
  case CR_BOUND:
  case CR_PTBR:
  case CR_ASID:
  case CR_NPTBR:
    mmu_forget_recalled(&b->mmu);
    if (cr == CR_PTBR && b->lint) {
      lint_forget_all(b);
    }
    /* fallthrough */
  default:
    b->cr[cr] = profile_cr_write(b->machine.profile, (enum isa_cr)cr, b->cr[cr], value);
    break;
  }
}

/* TIMER first: it is what a monitor writes each time it lends the processor. */
void bare_write_cr(struct bare *b, unsigned cr, uint32_t value, uint64_t after)
{
  if (cr == CR_PSW) {
    bare_write_psw(b, value);
    return;
  }
  b->cr_writes++;
  if (cr == CR_TIMER) {
    b->timer_at = value == 0 ? MACHINE_NEVER : after + value;
    bare_schedule_timer(b);
    return;
  }
  write_other(b, cr, value);
}
