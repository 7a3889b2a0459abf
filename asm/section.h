/* Sections, their contents, and what must still be filled in when every symbol
 * has its address.
 */
#ifndef TRAPEZE_ASM_SECTION_H
#define TRAPEZE_ASM_SECTION_H

#include "asm/arena.h"
#include "asm/expr.h"
#include "isa/isa.h"

enum section_id { SECTION_TEXT, SECTION_DATA, SECTION_BSS, SECTION_COUNT };

#define IMAGE_LIMIT   (1u << 30)  /* everything lies below it */
#define CONTENT_LIMIT (64u << 20) /* bytes of text and data together */
#define ALIGN_LIMIT   (1u << 20)

struct section {
  const char *name;
  bool nobits;
  bool fixed;   /* base is known */
  bool touched; /* something lies in it or refers to it: base cannot change */
  uint32_t base;
  uint32_t align; /* of the base, if it is ours to choose */
  uint32_t size;
  uint8_t *bytes; /* not for nobits */
  size_t capacity;
  struct loc placed; /* .org that fixed it */
  struct loc last;   /* the last thing in it */
};

/* A place whose value was not known when it was assembled. */
struct fixup {
  struct section *section;
  uint32_t offset;
  unsigned size; /* 1, 2, 4: data; 0: an instruction */
  struct isa_decoded insn;
  const struct isa_operand *operand;
  const struct expr *expr;
};

struct section_set {
  struct section s[SECTION_COUNT];
  VEC(struct fixup) fixups;
};

void section_init(struct assembly *a);
/* From here on the base of the current section cannot change. */
void section_touch(struct assembly *a);
/* Room for `size` zero bytes in the current section; NULL after a message (too
 * big), and for .bss, where only the size grows. */
bool section_reserve(struct assembly *a, struct loc loc, uint64_t size, uint8_t **bytes);
/* Appends. False after a message (.bss holds no contents; too big). */
bool section_emit(struct assembly *a, struct loc loc, const void *bytes, size_t size);
/* Appends `size` (1, 2, 4) bytes of the expression's value, now or at the end. */
void section_emit_value(struct assembly *a, const struct expr *e, unsigned size);
/* Appends an instruction; `operand` takes the value of `expr` (both may be NULL). */
void section_emit_insn(struct assembly *a, struct loc loc, const struct isa_decoded *insn,
                       const struct isa_operand *operand, const struct expr *expr);
void section_align(struct assembly *a, struct loc loc, uint32_t alignment, uint8_t fill);
void section_org(struct assembly *a, struct loc loc, int64_t address);
/* Places the sections, fills in everything that was left open, checks overlaps. */
void section_place_all(struct assembly *a);

/* After placement. */
void sections_by_address(const struct assembly *a, const struct section *order[SECTION_COUNT]);

static inline uint32_t section_address(const struct section *s, uint32_t offset)
{
  return s->base + offset;
}

#endif
