/* Decode, encode, print and find, over the generated tables. */
#include "isa/tables.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct isa_insn_info *isa_insn_info(enum isa_insn insn)
{
  assert(insn < ISA_INSN_COUNT);
  return &isa_insns[insn];
}

const struct isa_format_info *isa_format_info(enum isa_format format)
{
  assert(format < ISA_FORMAT_COUNT);
  return &isa_formats[format];
}

const struct isa_cr_info *isa_cr_info(enum isa_cr cr)
{
  assert(cr < ISA_CR_COUNT);
  return &isa_crs[cr];
}

const struct isa_psw_field_info *isa_psw_fields(void)
{
  return isa_psw_field_table;
}

const char *isa_reg_name(unsigned reg)
{
  assert(reg < ISA_REG_COUNT);
  return isa_regs[reg];
}

/* ------------------------------------------------------------------ lookup */
/* Order of the `len` bytes of name, whatever they are, against the string. */
static int compare(const char *name, size_t len, const char *string)
{
  size_t string_len = strlen(string);
  int order = memcmp(name, string, len < string_len ? len : string_len);
  return order != 0 ? order : (len > string_len) - (len < string_len);
}

bool isa_find_insn(const char *name, size_t len, enum isa_insn *insn)
{
  size_t low = 0, high = ISA_INSN_COUNT;
  while (low < high) {
    size_t middle = (low + high) / 2;
    enum isa_insn candidate = isa_insns_by_name[middle];
    int order = compare(name, len, isa_insns[candidate].mnemonic);
    if (order == 0) {
      *insn = candidate;
      return true;
    }
    *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
  }
  return false;
}

bool isa_find_cr(const char *name, size_t len, enum isa_cr *cr)
{
  for (unsigned i = 0; i < ISA_CR_COUNT; i++)
    if (compare(name, len, isa_crs[i].name) == 0) {
      *cr = (enum isa_cr)i;
      return true;
    }
  return false;
}

/* x0 … x15, without leading zeros. */
static bool find_numbered_reg(const char *name, size_t len, unsigned *reg)
{
  if (len < 2 || len > 3 || name[0] != 'x' || (len == 3 && name[1] == '0'))
    return false;
  unsigned number = 0;
  for (size_t i = 1; i < len; i++) {
    if (name[i] < '0' || name[i] > '9')
      return false;
    number = number * 10 + (unsigned)(name[i] - '0');
  }
  if (number >= ISA_REG_COUNT)
    return false;
  *reg = number;
  return true;
}

bool isa_find_reg(const char *name, size_t len, unsigned *reg)
{
  for (unsigned i = 0; i < ISA_REG_COUNT; i++)
    if (compare(name, len, isa_regs[i]) == 0) {
      *reg = i;
      return true;
    }
  return find_numbered_reg(name, len, reg);
}

bool isa_find_cause(const char *name, size_t len, enum isa_cause *cause)
{
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    if (isa_causes[i].name && compare(name, len, isa_causes[i].name) == 0) {
      *cause = (enum isa_cause)i;
      return true;
    }
  return false;
}

/* -------------------------------------------------------- decode and encode */
static unsigned width_of(const struct isa_operand *o)
{
  return o->high - o->low + 1u;
}

static uint32_t extract(const struct isa_operand *o, uint32_t word)
{
  uint32_t bits = (word >> o->low) & ((1u << width_of(o)) - 1);
  uint32_t sign = 1u << (width_of(o) - 1);
  switch (o->kind) {
  case ISA_OPERAND_SIMM:
    return (bits ^ sign) - sign;
  case ISA_OPERAND_REL:
    return ((bits ^ sign) - sign) << 2;
  case ISA_OPERAND_UPPER:
    return bits << 12;
  case ISA_OPERAND_REG:
  case ISA_OPERAND_UIMM:
  case ISA_OPERAND_CR:
    break;
  }
  return bits;
}

void isa_set_slot(struct isa_decoded *d, enum isa_operand_slot slot, uint32_t value)
{
  switch (slot) {
  case ISA_SLOT_A:
    d->a = (uint8_t)value;
    break;
  case ISA_SLOT_B:
    d->b = (uint8_t)value;
    break;
  case ISA_SLOT_C:
    d->c = (uint8_t)value;
    break;
  case ISA_SLOT_N:
    d->n = (uint8_t)value;
    break;
  case ISA_SLOT_IMM:
    d->imm = value;
    break;
  }
}

uint32_t isa_get_slot(const struct isa_decoded *d, enum isa_operand_slot slot)
{
  switch (slot) {
  case ISA_SLOT_A:
    return d->a;
  case ISA_SLOT_B:
    return d->b;
  case ISA_SLOT_C:
    return d->c;
  case ISA_SLOT_N:
    return d->n;
  case ISA_SLOT_IMM:
    break;
  }
  return d->imm;
}

bool isa_decode(uint32_t word, struct isa_decoded *out)
{
  unsigned found = isa_opcodes[word >> 24];
  if (found == 0)
    return false;
  struct isa_decoded d = {.insn = (enum isa_insn)(found - 1)};
  enum isa_format format = isa_insns[d.insn].format;
  if (word & isa_format_unused[format])
    return false;
  const struct isa_format_info *f = &isa_formats[format];
  for (size_t i = 0; i < f->operand_count; i++)
    isa_set_slot(&d, f->operands[i].slot, extract(&f->operands[i], word));
  if (d.n >= ISA_CR_COUNT)
    return false;
  *out = d;
  return true;
}

void isa_operand_range(const struct isa_operand *operand, int64_t *min, int64_t *max)
{
  int64_t span = (int64_t)1 << width_of(operand);
  *min = 0;
  *max = span - 1;
  switch (operand->kind) {
  case ISA_OPERAND_SIMM:
    *min = -span / 2;
    *max = span / 2 - 1;
    break;
  case ISA_OPERAND_REL:
    *min = -span / 2 * 4;
    *max = (span / 2 - 1) * 4;
    break;
  case ISA_OPERAND_UPPER:
    *max = (span - 1) << 12;
    break;
  case ISA_OPERAND_CR:
    *max = ISA_CR_COUNT - 1;
    break;
  case ISA_OPERAND_REG:
  case ISA_OPERAND_UIMM:
    break;
  }
}

static bool is_signed(enum isa_operand_kind kind)
{
  return kind == ISA_OPERAND_SIMM || kind == ISA_OPERAND_REL;
}

static enum isa_encode_status insert(const struct isa_operand *o, uint32_t value, uint32_t *word)
{
  int64_t min, max;
  int64_t number = is_signed(o->kind) ? (int64_t)(int32_t)value : (int64_t)value;
  unsigned scale = o->kind == ISA_OPERAND_REL ? 2 : o->kind == ISA_OPERAND_UPPER ? 12 : 0;
  isa_operand_range(o, &min, &max);
  if (number < min || number > max)
    return ISA_ENCODE_RANGE;
  if (value & ((1u << scale) - 1))
    return ISA_ENCODE_ALIGN;
  *word |= ((value >> scale) & ((1u << width_of(o)) - 1)) << o->low;
  return ISA_ENCODE_OK;
}

enum isa_encode_status isa_encode(const struct isa_decoded *in, uint32_t *word, size_t *operand,
                                  int64_t *min, int64_t *max)
{
  const struct isa_insn_info *info = isa_insn_info(in->insn);
  const struct isa_format_info *f = &isa_formats[info->format];
  uint32_t result = (uint32_t)info->opcode << 24;
  int64_t low, high;
  for (size_t i = 0; i < f->operand_count; i++) {
    const struct isa_operand *o = &f->operands[i];
    enum isa_encode_status status = insert(o, isa_get_slot(in, o->slot), &result);
    if (status == ISA_ENCODE_OK)
      continue;
    isa_operand_range(o, &low, &high);
    *(operand ? operand : &(size_t){0}) = i;
    *(min ? min : &low) = low;
    *(max ? max : &high) = high;
    return status;
  }
  *word = result;
  return ISA_ENCODE_OK;
}

/* ------------------------------------------------------------------- print */
struct printer {
  char *buf;
  size_t size;
  size_t len; /* without the terminator; may exceed size, as with snprintf */
};

static void put(struct printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct printer *p, const char *format, ...)
{
  va_list ap;
  bool room = p->len < p->size;
  va_start(ap, format);
  int n = vsnprintf(room ? p->buf + p->len : NULL, room ? p->size - p->len : 0, format, ap);
  va_end(ap);
  p->len += n > 0 ? (size_t)n : 0;
}

static void put_target(struct printer *p, uint32_t target, isa_symbol_fn *symbol, void *ctx)
{
  char name[256];
  if (symbol && symbol(ctx, target, name, sizeof name))
    put(p, "%s", name);
  else
    put(p, "0x%x", target);
}

static void put_operand(struct printer *p, const struct isa_operand *o, const struct isa_decoded *d,
                        uint32_t pc, isa_symbol_fn *symbol, void *ctx)
{
  uint32_t value = isa_get_slot(d, o->slot);
  switch (o->kind) {
  case ISA_OPERAND_REG:
    put(p, "%s", isa_regs[value]);
    break;
  case ISA_OPERAND_CR:
    put(p, "%s", isa_crs[value].name);
    break;
  case ISA_OPERAND_SIMM:
    put(p, "%d", (int32_t)value);
    break;
  case ISA_OPERAND_UIMM:
    put(p, "%u", value);
    break;
  case ISA_OPERAND_UPPER:
    put(p, "0x%x", value >> 12); /* as it stands in the word */
    break;
  case ISA_OPERAND_REL:
    put_target(p, pc + value, symbol, ctx);
    break;
  }
}

static const struct isa_operand *find_operand(const struct isa_format_info *f, const char *name,
                                              size_t len)
{
  for (size_t i = 0; i < f->operand_count; i++)
    if (compare(name, len, f->operands[i].name) == 0)
      return &f->operands[i];
  return NULL;
}

static void put_insn(struct printer *p, const struct isa_decoded *d, uint32_t pc,
                     isa_symbol_fn *symbol, void *ctx)
{
  static const char punctuation[] = ", ()";
  const struct isa_insn_info *info = &isa_insns[d->insn];
  const struct isa_format_info *f = &isa_formats[info->format];
  put(p, "%s%s", info->mnemonic, *info->shape ? " " : "");
  for (const char *s = info->shape; *s;) {
    size_t len = strcspn(s, punctuation);
    if (len == 0)
      put(p, "%c", *s++);
    else
      put_operand(p, find_operand(f, s, len), d, pc, symbol, ctx);
    s += len;
  }
}

int isa_print(char *buf, size_t size, uint32_t word, uint32_t pc, isa_symbol_fn *symbol, void *ctx)
{
  struct printer p = {.buf = buf, .size = size};
  struct isa_decoded d;
  if (size > 0)
    buf[0] = '\0';
  if (isa_decode(word, &d))
    put_insn(&p, &d, pc, symbol, ctx);
  else
    put(&p, ".word 0x%08x", word);
  return (int)p.len;
}
