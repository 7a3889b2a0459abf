#include "tools/common/holes.h"

bool hole_in(const struct profile *p, enum isa_insn insn)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  if (info->group != ISA_GROUP_SYSTEM || !info->sensitive[0])
    return false;
  const struct profile_behaviour *b = profile_behaviour(p, insn, profile_user_mode(p));
  return b->kind != PROFILE_TRAP && b->kind != PROFILE_ABSENT;
}

unsigned holes_count(const struct profile *p)
{
  unsigned n = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    n += hole_in(p, (enum isa_insn)i);
  return n;
}
