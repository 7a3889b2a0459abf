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

static void put_record(struct builder *b, uint32_t address, uint32_t size, const struct line *line,
                       uint32_t call)
{
  put_word(b, address);
  put_word(b, size);
  put_word(b, file_offset(b, line->file));
  put_word(b, line->number);
  put_word(b, call);
}

static void put_section(struct builder *b, const struct section *s)
{
  for (size_t i = 0; i < b->a->emitted.count; i++) {
    const struct emitted *e = &b->a->emitted.items[i];
    if (e->section != s || e->size == 0)
      continue;
    uint32_t address = section_address(s, e->offset);
    put_record(b, address, e->size, e->line, via(b, e->line->origin, address));
  }
}

void linetable_build(struct assembly *a, struct line_table *table)
{
  struct builder b = {.a = a, .table = table};
  for (size_t i = 0; i < a->emitted.count; i++)
    b.main_count += a->emitted.items[i].size != 0;
  const struct section *order[SECTION_COUNT];
  sections_by_address(a, order);
  for (int i = 0; i < SECTION_COUNT; i++)
    put_section(&b, order[i]);
  for (size_t i = 0; i < b.calls.count; i++)
    put_record(&b, b.calls.items[i].address, 0, b.calls.items[i].origin->call.line,
               b.calls.items[i].via);
}
