#include "machine/bare.h"

uint32_t bare_read_cr(const struct bare *b, unsigned cr, uint64_t now)
{
  switch (cr) {
  case CR_PSW:
    return b->psw;
  case CR_TIMER:
    return b->timer_at == MACHINE_NEVER ? 0 : (uint32_t)(b->timer_at - now);
  case CR_TICK:
    return (uint32_t)now;
  case CR_CPUID:
    return b->cpuid;
  default:
    return b->cr[cr];
  }
}

void bare_write_psw(struct bare *b, uint32_t value)
{
  b->psw = profile_legal_psw(b->machine.profile, value);
}

void bare_write_cr(struct bare *b, unsigned cr, uint32_t value, uint64_t after)
{
  switch (cr) {
  case CR_PSW:
    bare_write_psw(b, value);
    break;
  case CR_TIMER:
    b->timer_at = value == 0 ? MACHINE_NEVER : after + value;
    bare_schedule(b);
    break;
  case CR_TICK:
  case CR_CPUID:
    break;
  case CR_PTBR:
    if (b->lint) {
      lint_forget_all(b);
    }
    /* fallthrough */
  default:
    b->cr[cr] = profile_cr_write(b->machine.profile, (enum isa_cr)cr, b->cr[cr], value);
    break;
  }
}
