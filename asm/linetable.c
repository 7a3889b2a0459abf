/* The line table: which source line each address came from, and by which macro
 * calls.
 */
#include <string.h>

#include "asm/assembly.h"

struct call {
  struct origin *origin;
  uint32_t address;
  uint32_t via;
};

struct builder {
  struct assembly *a;
  struct line_table *table;
  size_t main_count; /* records that are not calls */
  VEC(struct call) calls;
  const char *last_file;
  uint32_t last_offset;
};

static void put_word(struct builder *b, uint32_t word)
{
  for (unsigned i = 0; i < 4; i++)
    *VEC_PUSH(&b->a->arena, &b->table->records) = (uint8_t)(word >> 8 * i);
}

static uint32_t file_offset(struct builder *b, const char *file)
{
  if (b->last_file && strcmp(b->last_file, file) == 0)
    return b->last_offset;
  size_t len = strlen(file) + 1, at = 0;
  const char *strings = (const char *)b->table->strings.items;
  while (at < b->table->strings.count && strcmp(strings + at, file) != 0)
    at += strlen(strings + at) + 1;
  if (at == b->table->strings.count) {
    VEC_RESERVE(&b->a->arena, &b->table->strings, len);
    memcpy(b->table->strings.items + at, file, len);
    b->table->strings.count += len;
  }
  b->last_file = file;
  b->last_offset = (uint32_t)at;
  return b->last_offset;
}

/* 1 + the index of the record of the innermost macro call or repetition. */
static uint32_t via(struct builder *b, struct origin *origin, uint32_t address)
{
  while (origin && origin->kind == ORIGIN_FILE)
    origin = origin->parent;
  if (!origin)
    return 0;
  if (!origin->call_record) {
    uint32_t outer = via(b, origin->call.line->origin, address);
    *VEC_PUSH(&b->a->arena, &b->calls) = (struct call){origin, address, outer};
    origin->call_record = b->main_count + b->calls.count;
  }
  return (uint32_t)origin->call_record;
}

static void put_record(struct builder *b, uint32_t address, uint32_t size, struct place place,
                       uint32_t call)
{
  put_word(b, address);
  put_word(b, size);
  put_word(b, file_offset(b, place.file));
  put_word(b, place.number);
  put_word(b, call);
}

static struct place place_of(const struct line *line)
{
  return (struct place){line->file, line->number};
}

/* What a compiler made of one line of its source is one piece, as what the assembler makes of
 * one of its own is. */
static bool goes_on(const struct emitted *last, const struct emitted *e)
{
  return last && last->from.file && e->from.file && last->from.number == e->from.number &&
         strcmp(last->from.file, e->from.file) == 0 && last->offset + last->size == e->offset;
}

static void put_section(struct builder *b, const struct section *s, bool count_only)
{
  const struct emitted *last = NULL;
  uint32_t size = 0; /* of the piece that `last` is the end of */
  for (size_t i = 0; i < b->a->emitted.count; i++) {
    const struct emitted *e = &b->a->emitted.items[i];
    if (e->section != s || e->size == 0)
      continue;
    bool more = goes_on(last, e);
    uint32_t address = section_address(s, e->offset);
    size = more ? size + e->size : e->size;
    last = e;
    if (count_only) {
      b->main_count += !more;
    } else if (more) {
      for (unsigned k = 0; k < 4; k++) /* the second word of the record */
        b->table->records.items[b->table->records.count - 16 + k] = (uint8_t)(size >> 8 * k);
    } else if (e->from.file) {
      put_record(b, address, e->size, e->from, 0);
    } else {
      put_record(b, address, e->size, place_of(e->line), via(b, e->line->origin, address));
    }
  }
}

void linetable_build(struct assembly *a, struct line_table *table)
{
  struct builder b = {.a = a, .table = table};
  const struct section *order[SECTION_COUNT];
  sections_by_address(a, order);
  for (int i = 0; i < SECTION_COUNT; i++)
    put_section(&b, order[i], true);
  for (int i = 0; i < SECTION_COUNT; i++)
    put_section(&b, order[i], false);
  for (size_t i = 0; i < b.calls.count; i++)
    put_record(&b, b.calls.items[i].address, 0, place_of(b.calls.items[i].origin->call.line),
               b.calls.items[i].via);
}
