#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void words_set_slot(struct isa_decoded *d, enum isa_operand_slot slot, uint32_t value)
{
  if (slot == ISA_SLOT_A)
    d->a = (uint8_t)value;
  else if (slot == ISA_SLOT_B)
    d->b = (uint8_t)value;
  else if (slot == ISA_SLOT_C)
    d->c = (uint8_t)value;
  else if (slot == ISA_SLOT_N)
    d->n = (uint8_t)value;
  else
    d->imm = value;
}

uint32_t words_value(const struct isa_operand *operand, unsigned which, uint64_t *seed)
{
  int64_t min, max;
  isa_operand_range(operand, &min, &max);
  int64_t step = operand->kind == ISA_OPERAND_REL     ? 4
                 : operand->kind == ISA_OPERAND_UPPER ? 4096
                                                      : 1;
  const int64_t edges[WORDS_EDGES] = {0,          step,       2 * step,       min,
                                      min + step, max - step, max - 2 * step, max};
  int64_t value = min + (int64_t)(next_random(seed) % (uint64_t)((max - min) / step + 1)) * step;
  return (uint32_t)(which < WORDS_EDGES ? edges[which] : value);
}

static bool parse_operand(const char **text, const struct isa_operand *o, uint32_t pc,
                          struct isa_decoded *d)
{
  size_t len = strcspn(*text, ", ()");
  unsigned reg;
  enum isa_cr cr;
  char *end;
  long long number = strtoll(*text, &end, 0);
  bool is_number = end == *text + len && len > 0;
  if (o->kind == ISA_OPERAND_REG && isa_find_reg(*text, len, &reg))
    words_set_slot(d, o->slot, reg);
  else if (o->kind == ISA_OPERAND_CR && isa_find_cr(*text, len, &cr))
    words_set_slot(d, o->slot, cr);
  else if (o->kind == ISA_OPERAND_REL && is_number)
    words_set_slot(d, o->slot, (uint32_t)number - pc);
  else if (o->kind == ISA_OPERAND_UPPER && is_number)
    words_set_slot(d, o->slot, (uint32_t)number << 12);
  else if ((o->kind == ISA_OPERAND_SIMM || o->kind == ISA_OPERAND_UIMM) && is_number)
    words_set_slot(d, o->slot, (uint32_t)number);
  else
    return false;
  *text += len;
  return true;
}

bool words_parse(const char *text, uint32_t pc, struct isa_decoded *d)
{
  size_t len = strcspn(text, " ");
  *d = (struct isa_decoded){0};
  if (!isa_find_insn(text, len, &d->insn))
    return false;
  const struct isa_insn_info *info = isa_insn_info(d->insn);
  const struct isa_format_info *f = isa_format_info(info->format);
  text += len;
  if (*info->shape && *text++ != ' ')
    return false;
  for (const char *s = info->shape; *s;) {
    if (!isalpha((unsigned char)*s)) {
      if (*text++ != *s++)
        return false;
      continue;
    }
    len = strcspn(s, ", ()");
    size_t i = 0;
    while (i < f->operand_count &&
           !(strlen(f->operands[i].name) == len && memcmp(f->operands[i].name, s, len) == 0))
      i++;
    if (i == f->operand_count || !parse_operand(&text, &f->operands[i], pc, d))
      return false;
    s += len;
  }
  return *text == '\0';
}
