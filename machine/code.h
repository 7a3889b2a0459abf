/* Decoded instructions. A code page holds the slots of one physical page, or of
 * its beginning where a bound cuts it. Slots are decoded when first executed; a
 * store to word i puts slot i back and those before it that may be one run with it.
 *
 * Invariant: a page that has decoded code has no write tag in any space.
 */
#ifndef TRAPEZE_MACHINE_CODE_H
#define TRAPEZE_MACHINE_CODE_H

#include "isa/isa.h"
#include "isa/profile.h"
#include "machine/engine_runs.h"

struct bare;

#define CODE_PAGE_WORDS (ISA_PAGE_SIZE / 4)
/* Decoded pages that a machine keeps at most; beyond, all are dropped. */
#define CODE_MAX_PAGES 4096u
/* Extents of one page that it keeps; each store to the page puts slots of all back. */
#define CODE_MAX_EXTENTS 8u
#define CODE_MODES       4u

/* The operands are one word, so that the engine loads them at once: what bounds it on the host
 * is the number of loads. */
struct slot {
  const void *go; /* label of the engine */
  uint64_t what;
};

static inline uint64_t slot_word(unsigned a, unsigned b, unsigned to, uint32_t imm)
{
  return (uint64_t)imm << 32 | (uint64_t)(a << 16 | b << 8 | to);
}
static inline unsigned slot_a(uint64_t what)
{
  return what >> 16 & 0xff;
}
static inline unsigned slot_b(uint64_t what)
{
  return what >> 8 & 0xff;
}
/* a as destination: a sink for zero. */
static inline unsigned slot_to(uint64_t what)
{
  return what & 0xff;
}
/* imm, or c, or n: no format has two of these. */
static inline uint32_t slot_imm(uint64_t what)
{
  return (uint32_t)(what >> 32);
}

struct code_page {
  struct slot slot[CODE_PAGE_WORDS + 1]; /* [words] and up: leave the page */
  uint8_t insn[CODE_PAGE_WORDS + 1];     /* enum isa_insn, or one of the below */
  uint8_t under[CODE_PAGE_WORDS];        /* what CODE_BREAK stands in the place of */
  uint32_t page;                         /* physical */
  uint32_t words;
  struct code_page *next_of_page; /* same page, other extent */
  struct code_page *next;
};

/* What goes on in a slot that is no instruction. */
enum { CODE_ILLEGAL = ISA_INSN_COUNT, CODE_UNDECODED, CODE_END, CODE_BREAK, CODE_KINDS };

/* Places in the engine. */
struct code_labels {
  const void *body[ISA_BODY_COUNT];
  const void *run[ENGINE_RUN_COUNT];
  const void *illegal, *undecoded, *end, *system, *privileged, *nop, *at_break, *stepped;
};

/* The engine is compiled twice: one runs from slot to slot, the other counts
 * every instruction. */
enum { CODE_FAST, CODE_COUNTED, CODE_ENGINES };

struct code {
  struct code_page *pages;
  unsigned count;
  bool fuse;
  const struct code_labels *labels; /* of CODE_FAST: what slots go to */
  /* The runs that begin with an instruction: by_first[runs_of[insn]] up to that of the next. */
  uint16_t runs_of[ISA_INSN_COUNT + 1], by_first[ENGINE_RUN_COUNT];
  /* Where an instruction goes in a mode: the profile, as labels. */
  const void *table[CODE_ENGINES][CODE_MODES][CODE_KINDS];
  /* The same while a tracer wants to see sensitive instructions: those are stepped. */
  const void *traced[CODE_ENGINES][CODE_MODES][CODE_KINDS];
};

/* Fills code->runs_of and by_first. */
void code_build_runs(struct bare *b);
/* Fills code->table and code->traced of one engine. */
void code_build_table(struct bare *b, unsigned engine, const struct code_labels *labels);
void code_free(struct bare *b);
/* The decoded page for the first `words` words of a physical page; NULL: no
 * memory. May free every other page: no slot may be in use. */
struct code_page *code_page_get(struct bare *b, uint32_t page, uint32_t words);
/* Decodes one slot. */
void code_decode(struct bare *b, struct code_page *page, uint32_t index);
/* Storage [pa, pa+len) has been written; len is not 0. */
void code_forget(struct bare *b, uint32_t pa, uint32_t len);
/* The slots of breakpoints (b->stops) must be decoded anew. */
void code_forget_breaks(struct bare *b);
void code_set_fused(struct bare *b, bool fuse);

#endif
