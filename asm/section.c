#include "asm/section.h"

#include <inttypes.h>
#include <string.h>

#include "asm/assembly.h"

void section_init(struct assembly *a)
{
  static const char *const names[SECTION_COUNT] = {".text", ".data", ".bss"};
  for (int i = 0; i < SECTION_COUNT; i++)
    a->sections.s[i] = (struct section){.name = names[i], .align = 4};
  a->sections.s[SECTION_TEXT].base = ISA_RESET_PC;
  a->sections.s[SECTION_DATA].align = ISA_PAGE_SIZE;
  a->sections.s[SECTION_BSS].nobits = true;
  a->section = &a->sections.s[SECTION_TEXT];
}

void section_touch(struct assembly *a)
{
  a->section->touched = true;
  if (a->section == &a->sections.s[SECTION_TEXT])
    a->section->fixed = true; /* where raw programs are loaded, unless .org came first */
}

/* ---------------------------------------------------------------- contents */
bool section_reserve(struct assembly *a, struct loc loc, uint64_t size, uint8_t **bytes)
{
  struct section *s = a->section;
  const struct section *text = &a->sections.s[SECTION_TEXT], *data = &a->sections.s[SECTION_DATA];
  section_touch(a);
  if (size >= IMAGE_LIMIT || s->base + (uint64_t)s->size + size > IMAGE_LIMIT) {
    asm_fatal(a, loc, "%s would reach beyond 1 GiB, the most storage there is", s->name);
    return false;
  }
  if (!s->nobits && size > 0) {
    if ((uint64_t)text->size + data->size + size > CONTENT_LIMIT) {
      asm_fatal(a, loc, ".text and .data together would be bigger than %u MiB",
                CONTENT_LIMIT >> 20);
      return false;
    }
    s->bytes = arena_grow(&a->arena, s->bytes, s->size, &s->capacity, s->size + (size_t)size, 1);
    memset(s->bytes + s->size, 0, (size_t)size);
  }
  if (bytes)
    *bytes = s->bytes ? s->bytes + s->size : NULL;
  s->size += (uint32_t)size;
  if (size > 0)
    s->last = loc;
  return true;
}

bool section_emit(struct assembly *a, struct loc loc, const void *bytes, size_t size)
{
  if (a->section->nobits) {
    asm_error(a, loc, "%s holds no contents, only room: use .space, or .data", a->section->name);
    return false;
  }
  uint8_t *room;
  if (!section_reserve(a, loc, size, &room))
    return false;
  if (size)
    memcpy(room, bytes, size);
  return true;
}

void section_align(struct assembly *a, struct loc loc, uint32_t alignment, uint8_t fill)
{
  struct section *s = a->section;
  section_touch(a);
  uint32_t at = s->size + (s->fixed ? s->base : 0);
  if (!s->fixed && s->align < alignment)
    s->align = alignment;
  uint32_t pad = (alignment - at % alignment) % alignment;
  uint8_t *room;
  if (section_reserve(a, loc, pad, &room) && room)
    memset(room, fill, pad);
}

void section_org(struct assembly *a, struct loc loc, int64_t target)
{
  struct section *s = a->section;
  if (!s->touched) {
    s->base = (uint32_t)target;
    s->fixed = s->touched = true;
    s->placed = loc;
    return;
  }
  if (!s->fixed) {
    asm_error(a, loc, "where %s lies is not settled yet: put an .org before all that is in it",
              s->name);
    return;
  }
  int64_t here = (int64_t)s->base + s->size;
  if (target < here)
    asm_error(a, loc, ".org cannot go back: this place is 0x%" PRIx64 " already", (uint64_t)here);
  else
    section_reserve(a, loc, (uint64_t)(target - here), NULL);
}

/* ------------------------------------------------------------------ values */
static void put(uint8_t *at, uint32_t value, unsigned size)
{
  for (unsigned i = 0; i < size; i++)
    at[i] = (uint8_t)(value >> 8 * i);
}

/* Data takes what fits signed or unsigned. */
static bool check_data(struct assembly *a, const struct fixup *f, int64_t v)
{
  int64_t min = -((int64_t)1 << (8 * f->size - 1)), max = ((int64_t)1 << 8 * f->size) - 1;
  if (v >= min && v <= max)
    return true;
  asm_error(a, f->expr->loc,
            "%" PRId64 " does not fit %u bits: the value must lie in %" PRId64 " to %" PRId64, v,
            8 * f->size, min, max);
  return false;
}

/* The instruction that branches if this one does not; false if there is none. */
static bool inverse_branch(enum isa_insn insn, enum isa_insn *inverse)
{
  static const enum isa_insn pairs[][2] = {
      {ISA_BEQ, ISA_BNE}, {ISA_BLT, ISA_BGE}, {ISA_BLTU, ISA_BGEU}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i][0] == insn || pairs[i][1] == insn) {
      *inverse = pairs[i][pairs[i][0] == insn];
      return true;
    }
  }
  return false;
}

static void report_target(struct assembly *a, const struct fixup *f, int64_t offset, int64_t min,
                          int64_t max)
{
  const char *mnemonic = isa_insn_info(f->insn.insn)->mnemonic;
  enum isa_insn inverse;
  if (offset % 4 != 0)
    asm_error(a, f->expr->loc, "the target is not at a multiple of 4");
  else if (inverse_branch(f->insn.insn, &inverse))
    asm_error(a, f->expr->loc,
              "the target is %" PRId64 " bytes away; %s reaches %" PRId64 " to %" PRId64
              " (branch over a 'j' with '%s')",
              offset, mnemonic, min, max, isa_insn_info(inverse)->mnemonic);
  else
    asm_error(a, f->expr->loc,
              "the target is %" PRId64 " bytes away; %s reaches %" PRId64 " to %" PRId64
              " (load the address with 'la' and use '%s')",
              offset, mnemonic, min, max, isa_insn_info(ISA_JALR)->mnemonic);
}

static void report_range(struct assembly *a, const struct fixup *f, int64_t v, int64_t min,
                         int64_t max)
{
  const char *mnemonic = isa_insn_info(f->insn.insn)->mnemonic;
  const char *hint = "";
  if (f->insn.insn == ISA_ADDI)
    hint = "; 'li' loads any constant";
  if (f->operand->kind == ISA_OPERAND_UPPER)
    hint = ", bits 31:12 of the register: %hi(x) is those of x";
  asm_error(a, f->expr->loc, "%" PRId64 " is out of range: %s takes %" PRId64 " to %" PRId64 "%s",
            v, mnemonic, min, max, hint);
}

/* The value as isa_encode() wants it; false after a message. */
static bool operand_value(struct assembly *a, const struct fixup *f, int64_t v, int64_t *scaled)
{
  int64_t min, max;
  isa_operand_range(f->operand, &min, &max);
  *scaled = v;
  switch (f->operand->kind) {
  case ISA_OPERAND_REL: /* the pc wraps at 32 bits */
    *scaled = v - (int64_t)section_address(f->section, f->offset);
    if (v >= INT32_MIN && v <= (int64_t)UINT32_MAX)
      *scaled = (int32_t)(uint32_t)*scaled;
    if (*scaled >= min && *scaled <= max && *scaled % 4 == 0)
      return true;
    report_target(a, f, *scaled, min, max);
    return false;
  case ISA_OPERAND_UPPER:
    *scaled = (int64_t)((uint64_t)v << 12);
    min = 0;
    max = 0xfffff;
    break;
  case ISA_OPERAND_SIMM: /* 0xfffffff0 is -16 in a register */
    if (v > INT32_MAX && v <= (int64_t)UINT32_MAX)
      v -= (int64_t)1 << 32;
    *scaled = v;
    break;
  default:
    break;
  }
  if (v >= min && v <= max)
    return true;
  report_range(a, f, v, min, max);
  return false;
}

static void fill_in(struct assembly *a, const struct fixup *f, int64_t v)
{
  uint8_t *at = f->section->bytes + f->offset;
  if (f->size) {
    if (check_data(a, f, v))
      put(at, (uint32_t)v, f->size);
    return;
  }
  struct isa_decoded insn = f->insn;
  if (f->operand) {
    int64_t scaled;
    if (!operand_value(a, f, v, &scaled))
      return;
    if (f->operand->slot == ISA_SLOT_N)
      insn.n = (uint8_t)scaled;
    else
      insn.imm = (uint32_t)scaled;
  }
  uint32_t word = 0;
  if (isa_encode(&insn, &word, NULL, NULL, NULL) != ISA_ENCODE_OK)
    asm_error(a, (struct loc){a->line, 0, 0}, "this operand cannot be encoded");
  put(at, word, 4);
}

static void fill_in_or_defer(struct assembly *a, const struct fixup *f)
{
  struct value v;
  bool relative = f->operand && f->operand->kind == ISA_OPERAND_REL && !f->section->fixed;
  enum evaluated result = relative ? EVAL_LATER : expr_eval(a, f->expr, &v);
  if (result == EVAL_LATER || (result == EVAL_KNOWN && v.section))
    *VEC_PUSH(&a->arena, &a->sections.fixups) = *f;
  else if (result == EVAL_KNOWN)
    fill_in(a, f, v.number);
}

void section_emit_value(struct assembly *a, const struct expr *e, unsigned size)
{
  struct fixup f = {.section = a->section, .offset = a->section->size, .size = size, .expr = e};
  static const uint8_t zero[4];
  if (section_emit(a, e->loc, zero, size))
    fill_in_or_defer(a, &f);
}

void section_emit_insn(struct assembly *a, struct loc loc, const struct isa_decoded *insn,
                       const struct isa_operand *operand, const struct expr *expr)
{
  section_touch(a);
  uint32_t at = a->section->size + (a->section->fixed ? a->section->base : 0);
  if (at % 4 != 0) {
    asm_error(a, loc,
              "an instruction must lie at a multiple of 4, and this is 0x%x: "
              "put '.align 4' before it",
              at);
    section_align(a, loc, 4, 0);
  }
  struct fixup f = {.section = a->section,
                    .offset = a->section->size,
                    .insn = *insn,
                    .operand = operand,
                    .expr = expr};
  static const uint8_t zero[4];
  if (!section_emit(a, loc, zero, 4))
    return;
  if (expr)
    fill_in_or_defer(a, &f);
  else
    fill_in(a, &f, 0);
}

/* --------------------------------------------------------------- placement */
static uint64_t align_up(uint64_t value, uint64_t alignment)
{
  return (value + alignment - 1) / alignment * alignment;
}

/* Why section i lies where it does: its .org, or that of the nearest before it, as
 * those without one follow; or else the last thing in it. */
static struct loc placed_by(const struct section *s, int i)
{
  for (int k = i; k >= 0; k--)
    if (s[k].placed.line)
      return s[k].placed;
  return s[i].last;
}

static void check_placement(struct assembly *a)
{
  const struct section *s = a->sections.s;
  for (int i = 0; i < SECTION_COUNT; i++) {
    if (s[i].size > 0 && (uint64_t)s[i].base + s[i].size > IMAGE_LIMIT)
      asm_error(a, placed_by(s, i), "%s would end at 0x%" PRIx64 ", beyond 1 GiB", s[i].name,
                (uint64_t)s[i].base + s[i].size);
    for (int j = 0; j < i; j++) {
      if (!s[i].size || !s[j].size || s[i].base >= s[j].base + s[j].size ||
          s[j].base >= s[i].base + s[i].size)
        continue;
      asm_error(a, placed_by(s, i), "%s (0x%x to 0x%x) and %s (0x%x to 0x%x) overlap", s[j].name,
                s[j].base, s[j].base + s[j].size, s[i].name, s[i].base, s[i].base + s[i].size);
    }
  }
}

void section_place_all(struct assembly *a)
{
  struct section *s = a->sections.s;
  uint64_t end = (uint64_t)s[SECTION_TEXT].base + s[SECTION_TEXT].size;
  for (int i = 0; i < SECTION_COUNT; i++) {
    if (!s[i].fixed && i > 0)
      s[i].base = (uint32_t)align_up(end, s[i].align);
    s[i].fixed = true;
    end = (uint64_t)s[i].base + s[i].size;
  }
  check_placement(a);
  a->placed = true;
  for (size_t i = 0; i < a->sections.fixups.count && !a->stop; i++) {
    const struct fixup *f = &a->sections.fixups.items[i];
    struct value v;
    if (expr_eval(a, f->expr, &v) == EVAL_KNOWN)
      fill_in(a, f, v.number);
  }
}

void sections_by_address(const struct assembly *a, const struct section *order[SECTION_COUNT])
{
  for (int i = 0; i < SECTION_COUNT; i++) {
    const struct section *s = &a->sections.s[i];
    int k = i;
    for (; k > 0 && order[k - 1]->base > s->base; k--)
      order[k] = order[k - 1];
    order[k] = s;
  }
}
