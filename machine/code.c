#include <stdlib.h>
#include <string.h>

#include "machine/bare.h"

static void drop_all(struct bare *b)
{
  struct code_page *next;
  for (struct code_page *p = b->code.pages; p; p = next) {
    next = p->next;
    b->storage.page[p->page].code = NULL;
    free(p);
  }
  b->code.pages = NULL;
  b->code.count = 0;
}

void code_free(struct bare *b)
{
  drop_all(b);
}

static const void *label_of(const struct code_labels *labels, const struct profile_behaviour *how)
{
  switch (how->kind) {
  case PROFILE_TRAP:
    return labels->privileged;
  case PROFILE_NOP:
    return labels->nop;
  case PROFILE_BODY:
    return labels->body[how->body];
  case PROFILE_ABSENT:
    break;
  }
  return labels->illegal;
}

/* As struct tracer has it: what the system group executes outside mode 0. */
static void build_traced(const void **traced, const void *const *table, unsigned mode,
                         const struct code_labels *labels)
{
  memcpy(traced, table, CODE_KINDS * sizeof *traced);
  for (unsigned insn = 0; mode != 0 && insn < ISA_INSN_COUNT; insn++) {
    if (isa_insn_info((enum isa_insn)insn)->group == ISA_GROUP_SYSTEM &&
        table[insn] != labels->privileged && table[insn] != labels->illegal) {
      traced[insn] = labels->stepped;
    }
  }
}

void code_build_table(struct bare *b, unsigned engine, const struct code_labels *labels)
{
  const struct profile *profile = b->machine.profile;
  for (unsigned mode = 0; mode < profile_modes(profile); mode++) {
    const void **table = b->code.table[engine][mode];
    for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
      table[insn] = label_of(labels, profile_behaviour(profile, (enum isa_insn)insn, mode));
    }
    table[CODE_ILLEGAL] = labels->illegal;
    table[CODE_UNDECODED] = labels->undecoded;
    table[CODE_END] = labels->end;
    table[CODE_BREAK] = labels->at_break;
    build_traced(b->code.traced[engine][mode], table, mode, labels);
  }
}

/* -------------------------------------------------------------------- pages */

static void undecode(struct bare *b, struct code_page *page, uint32_t index)
{
  page->insn[index] = CODE_UNDECODED;
  page->slot[index].go = b->code.labels->undecoded;
}

static struct code_page *create_page(struct bare *b, uint32_t index, uint32_t words)
{
  struct code_page *page = malloc(sizeof *page);
  if (!page) {
    return NULL;
  }
  page->page = index;
  page->words = words;
  for (uint32_t i = 0; i < words; i++) {
    undecode(b, page, i);
  }
  for (uint32_t i = words; i <= CODE_PAGE_WORDS; i++) {
    page->insn[i] = CODE_END;
    page->slot[i].go = b->code.labels->end;
  }
  page->next = b->code.pages;
  b->code.pages = page;
  b->code.count++;
  page->next_of_page = b->storage.page[index].code;
  b->storage.page[index].code = page;
  return page;
}

struct code_page *code_page_get(struct bare *b, uint32_t index, uint32_t words)
{
  unsigned extents = 0;
  for (struct code_page *p = b->storage.page[index].code; p; p = p->next_of_page) {
    if (p->words == words) {
      return p;
    }
    extents++;
  }
  if (b->code.count >= CODE_MAX_PAGES || extents >= CODE_MAX_EXTENTS) {
    drop_all(b);
    mmu_forget_code(b);
  }
  struct code_page *page = create_page(b, index, words);
  if (page) {
    mmu_forget_write(b, index);
  }
  return page;
}

/* The first slot whose run this one may be in. */
static uint32_t run_start(uint32_t index)
{
  return index < ENGINE_RUN_MAX ? 0 : index + 1 - ENGINE_RUN_MAX;
}

static void forget_words(struct bare *b, uint32_t page, uint32_t first, uint32_t last)
{
  for (struct code_page *p = b->storage.page[page].code; p; p = p->next_of_page) {
    for (uint32_t i = run_start(first); i <= last && i < p->words; i++) {
      undecode(b, p, i);
    }
  }
}

void code_forget(struct bare *b, uint32_t pa, uint32_t len)
{
  uint32_t last = pa + len - 1;
  uint32_t first_page = pa >> STORAGE_PAGE_SHIFT, last_page = last >> STORAGE_PAGE_SHIFT;
  for (uint32_t page = first_page; page <= last_page; page++) {
    if (b->storage.page[page].code) {
      uint32_t from = page == first_page ? pa % ISA_PAGE_SIZE / 4 : 0;
      uint32_t to = page == last_page ? last % ISA_PAGE_SIZE / 4 : CODE_PAGE_WORDS - 1;
      forget_words(b, page, from, to);
    }
  }
}

/* Of any page: the same physical page may be met at several addresses. */
static bool may_break(const struct bare *b, uint32_t index)
{
  for (unsigned i = 0; i < b->stops.break_count; i++) {
    if (b->stops.breaks[i] % ISA_PAGE_SIZE / 4 == index) {
      return true;
    }
  }
  return false;
}

void code_forget_breaks(struct bare *b)
{
  for (struct code_page *p = b->code.pages; p; p = p->next) {
    for (unsigned i = 0; i < b->stops.break_count; i++) {
      uint32_t last = b->stops.breaks[i] % ISA_PAGE_SIZE / 4;
      for (uint32_t k = run_start(last); k <= last && k < p->words; k++) {
        undecode(b, p, k);
      }
    }
  }
}

void code_set_fused(struct bare *b, bool fuse)
{
  if (b->code.fuse != fuse) {
    b->code.fuse = fuse;
    drop_all(b);
    mmu_forget_code(b);
  }
}

/* ----------------------------------------------------------------- decoding */

static const struct run runs[] = {ENGINE_RUN_ROWS};
_Static_assert(sizeof runs / sizeof *runs == ENGINE_RUN_COUNT, "as the labels");

/* Sorts them by their first instructions. */
void code_build_runs(struct bare *b)
{
  struct code *code = &b->code;
  unsigned n = 0;
  for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
    code->runs_of[insn] = (uint16_t)n;
    for (unsigned i = 0; i < ENGINE_RUN_COUNT; i++) {
      if (runs[i].insn[0] == insn) {
        code->by_first[n++] = (uint16_t)i;
      }
    }
  }
  code->runs_of[ISA_INSN_COUNT] = (uint16_t)n;
}

/* Operands and kind of a slot; where it goes is left alone. */
static enum isa_insn fill(struct bare *b, struct code_page *page, uint32_t index)
{
  uint32_t word = storage_load(&b->storage, page->page * ISA_PAGE_SIZE + index * 4, 4);
  struct isa_decoded d;
  if (!profile_decode(b->machine.profile, word, &d)) {
    return ISA_INSN_COUNT;
  }
  unsigned to = d.a == REG_ZERO ? BARE_SINK : d.a;
  page->slot[index].what = slot_word(d.a, d.b, to, d.imm | d.c | d.n);
  return d.insn;
}

/* What is to be decoded, as far as it can be one run. */
struct stretch {
  unsigned count;
  enum isa_insn insn[ENGINE_RUN_MAX];
  uint32_t index; /* of the first slot */
};

static bool names(uint64_t what, unsigned known, unsigned reg)
{
  return known == KNOWN_NONE || (known == KNOWN_A   ? slot_a(what)
                                 : known == KNOWN_B ? slot_b(what)
                                                    : slot_imm(what)) == reg;
}

/* Of a jump by its immediate; both the page's slots and the immediate count in words. */
static unsigned reach(const struct slot *s, uint32_t index)
{
  int64_t to = (int64_t)index + (int32_t)slot_imm(s->what) / 4;
  return to < 0 || to >= CODE_PAGE_WORDS ? FORM_ANY : to > index ? FORM_AHEAD : FORM_BACK;
}

static bool goes_near(enum isa_insn insn)
{
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn)->format);
  const struct isa_operand *last = &format->operands[format->operand_count - 1];
  return format->operand_count > 0 && last->kind == ISA_OPERAND_REL;
}

/* Whether the stretch begins with this run. */
static bool is_run(const struct run *run, const struct stretch *t, const struct slot *slot)
{
  unsigned near = FORM_ANY;
  if (run->count > t->count) {
    return false;
  }
  for (unsigned i = 0; i < run->count; i++) {
    if (run->insn[i] != t->insn[i] ||
        (i > 0 && !names(slot[i].what, run->known[i], slot_to(slot[i - 1].what)))) {
      return false;
    }
    near |= goes_near(t->insn[i]) ? reach(&slot[i], t->index + i) : FORM_ANY;
  }
  bool gone = slot_to(slot[run->count - 1].what) == BARE_SINK;
  return ((run->form & FORM_REACH) == FORM_ANY || (run->form & FORM_REACH) == near) &&
         (!(run->form & FORM_GONE) || gone);
}

/* The longest is best, and then the one that knows most. */
static unsigned worth(const struct run *run)
{
  unsigned known = 0;
  for (unsigned i = 1; i < run->count; i++) {
    known += run->known[i] != KNOWN_NONE;
  }
  return run->count * 16u + known * 4u + ((run->form & FORM_REACH) != 0) * 2u +
         ((run->form & FORM_GONE) != 0);
}

/* Where the stretch goes that begins in this slot, or NULL: where its instruction goes. */
static const void *run_at(const struct bare *b, const struct stretch *t, const struct slot *slot)
{
  const struct code *code = &b->code;
  const void *go = NULL;
  unsigned best = 0;
  for (unsigned i = code->runs_of[t->insn[0]]; i < code->runs_of[t->insn[0] + 1]; i++) {
    const struct run *run = &runs[code->by_first[i]];
    if (worth(run) > best && is_run(run, t, slot)) {
      best = worth(run);
      go = code->labels->run[code->by_first[i]];
    }
  }
  return go;
}

/* A run needs its later slots' operands, but leaves these slots undecoded or as they were:
 * control may still come to them alone. */
static const void *fused(struct bare *b, struct code_page *page, uint32_t index, enum isa_insn insn)
{
  struct stretch t = {.count = 1, .insn = {insn}, .index = index};
  if (!b->code.fuse) {
    return NULL;
  }
  while (t.count < ENGINE_RUN_MAX && index + t.count < page->words &&
         !may_break(b, index + t.count)) {
    enum isa_insn next = fill(b, page, index + t.count);
    if (next == ISA_INSN_COUNT) {
      break;
    }
    t.insn[t.count++] = next;
  }
  return run_at(b, &t, &page->slot[index]);
}

void code_decode(struct bare *b, struct code_page *page, uint32_t index)
{
  struct slot *s = &page->slot[index];
  enum isa_insn insn = fill(b, page, index);
  if (may_break(b, index)) {
    page->under[index] = (uint8_t)(insn == ISA_INSN_COUNT ? CODE_ILLEGAL : insn);
    page->insn[index] = CODE_BREAK;
    s->go = b->code.labels->at_break;
    return;
  }
  if (insn == ISA_INSN_COUNT) {
    page->insn[index] = CODE_ILLEGAL;
    s->go = b->code.labels->illegal;
    return;
  }
  page->insn[index] = (uint8_t)insn;
  const void *run = fused(b, page, index, insn);
  s->go = run                                              ? run
          : isa_insn_info(insn)->group == ISA_GROUP_SYSTEM ? b->code.labels->system
                                                           : b->code.table[CODE_FAST][0][insn];
}
