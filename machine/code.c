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

static void forget_words(struct bare *b, uint32_t page, uint32_t first, uint32_t last)
{
  for (struct code_page *p = b->storage.page[page].code; p; p = p->next_of_page) {
    for (uint32_t i = first > 0 ? first - 1 : 0; i <= last && i < p->words; i++) {
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
      uint32_t index = b->stops.breaks[i] % ISA_PAGE_SIZE / 4;
      if (index > 0 && index - 1 < p->words) {
        undecode(b, p, index - 1);
      }
      if (index < p->words) {
        undecode(b, p, index);
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

/* Of an instruction and its successor: 1 + enum engine_pair, or 0. */
#define PAIR(F, S) [ISA_##F][ISA_##S] = PAIR_##F##_##S + 1,
static const uint16_t pair_of[ISA_INSN_COUNT][ISA_INSN_COUNT] = {ENGINE_PAIRS(PAIR)};
#undef PAIR

/* Where the pair of slots goes if its second reads what its first writes, or NULL. */
static const void *chained(const struct bare *b, const struct slot *first, enum isa_insn insn,
                           enum isa_insn next)
{
  enum { BY_A, BY_B, BY_C };
  static const struct {
    uint8_t first, second, by;
  } chains[] = {
#define CHAIN(F, S, K) [CHAIN_##F##_##S##_##K] = {ISA_##F, ISA_##S, BY_##K},
      ENGINE_CHAINS(CHAIN)
#undef CHAIN
  };
  const struct slot *second = first + 1;
  const uint8_t operand[] = {[BY_A] = second->a, [BY_B] = second->b, [BY_C] = second->c};
  for (unsigned i = 0; i < ENGINE_CHAIN_COUNT; i++) {
    uint8_t read = operand[chains[i].by];
    if (chains[i].first == insn && chains[i].second == next && read == first->to) {
      return b->code.labels->chain[i];
    }
  }
  return NULL;
}

/* Operands and kind of a slot; where it goes is left alone. */
static enum isa_insn fill(struct bare *b, struct code_page *page, uint32_t index)
{
  uint32_t word = storage_load(&b->storage, page->page * ISA_PAGE_SIZE + index * 4, 4);
  struct isa_decoded d;
  if (!profile_decode(b->machine.profile, word, &d)) {
    return ISA_INSN_COUNT;
  }
  struct slot *s = &page->slot[index];
  s->imm = d.imm;
  s->a = d.a;
  s->b = d.b;
  s->c = d.c | d.n;
  s->to = d.a == REG_ZERO ? BARE_SINK : d.a;
  return d.insn;
}

/* A fused slot needs its successor's operands, but leaves it undecoded or as it
 * was: control may still come to it alone. */
static const void *fused(struct bare *b, struct code_page *page, uint32_t index, enum isa_insn insn)
{
  if (!b->code.fuse || index + 1 >= page->words) {
    return NULL;
  }
  if (may_break(b, index + 1)) {
    return NULL;
  }
  enum isa_insn next = fill(b, page, index + 1);
  unsigned pair = next == ISA_INSN_COUNT ? 0 : pair_of[insn][next];
  if (pair == 0) {
    return NULL;
  }
  const void *chain = chained(b, &page->slot[index], insn, next);
  return chain ? chain : b->code.labels->pair[pair - 1];
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
  const void *pair = fused(b, page, index, insn);
  s->go = pair                                             ? pair
          : isa_insn_info(insn)->group == ISA_GROUP_SYSTEM ? b->code.labels->system
                                                           : b->code.table[CODE_FAST][0][insn];
}
