/* Decoded instructions. A code page holds the slots of one physical page, or of
 * its beginning where a bound cuts it. Slots are decoded when first executed; a
 * store to word i puts slots i and i-1 back (i-1 may be fused with i).
 *
 * Invariant: a page that has decoded code has no write tag in any space.
 */
#ifndef TRAPEZE_MACHINE_CODE_H
#define TRAPEZE_MACHINE_CODE_H

#include "isa/isa.h"
#include "isa/profile.h"
#include "machine/engine_pairs.h"

struct bare;

#define CODE_PAGE_WORDS (ISA_PAGE_SIZE / 4)
/* Decoded pages that a machine keeps at most; beyond, all are dropped. */
#define CODE_MAX_PAGES 4096u
/* Extents of one page that it keeps; each store to the page puts slots of all back. */
#define CODE_MAX_EXTENTS 8u
#define CODE_MODES       4u

struct slot {
  const void *go; /* label of the engine */
  uint32_t imm;
  uint8_t a, b;
  uint8_t c;  /* c, or n: no format has both */
  uint8_t to; /* a as destination: a sink for zero */
};

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
  const void *pair[ENGINE_PAIR_COUNT];
  const void *chain[ENGINE_CHAIN_COUNT];
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
  /* Where an instruction goes in a mode: the profile, as labels. */
  const void *table[CODE_ENGINES][CODE_MODES][CODE_KINDS];
  /* The same while a tracer wants to see sensitive instructions: those are stepped. */
  const void *traced[CODE_ENGINES][CODE_MODES][CODE_KINDS];
};

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
