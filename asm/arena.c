#include "asm/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (64u << 10)
#define ALIGNMENT   16u

struct arena_block {
  struct arena_block *next;
  size_t used, size;
  _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena_adopted {
  struct arena_adopted *next;
  void *memory;
};

static struct arena_block *block_add(struct arena *arena, size_t size)
{
  if (size > arena->limit - arena->total)
    longjmp(arena->failed, 1);
  struct arena_block *block = calloc(1, sizeof *block + size);
  if (!block)
    longjmp(arena->failed, 1);
  block->size = size;
  arena->total += size;
  return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
  if (size > arena->limit)
    longjmp(arena->failed, 1);
  size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  struct arena_block *head = arena->blocks;
  if (head && head->size - head->used >= size) {
    void *p = head->bytes + head->used;
    head->used += size;
    return p;
  }
  struct arena_block *block = block_add(arena, size > BLOCK_BYTES / 4 ? size : BLOCK_BYTES);
  block->used = size;
  if (head && block->size == size) { /* a block of its own; the head has room still */
    block->next = head->next;
    head->next = block;
  } else {
    block->next = head;
    arena->blocks = block;
  }
  return block->bytes;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t len)
{
  char *copy = arena_alloc(arena, len + 1);
  if (len)
    memcpy(copy, bytes, len);
  return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
  va_list again;
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, again);
  va_end(again);
  size_t size = len < 0 ? 1 : (size_t)len + 1;
  char *text = arena_alloc(arena, size);
  vsnprintf(text, size, format, args);
  return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = arena_vprintf(arena, format, args);
  va_end(args);
  return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t need,
                 size_t item_size)
{
  if (need <= *capacity)
    return items;
  size_t bigger = *capacity ? *capacity * 2 : 16;
  if (bigger < need)
    bigger = need;
  if (bigger > arena->limit / item_size)
    longjmp(arena->failed, 1);
  void *moved = arena_alloc(arena, bigger * item_size);
  if (count)
    memcpy(moved, items, count * item_size);
  *capacity = bigger;
  return moved;
}

void *arena_adopt(struct arena *arena, void *malloced)
{
  struct arena_adopted *note = malloc(sizeof *note);
  if (!note) {
    free(malloced);
    longjmp(arena->failed, 1);
  }
  *note = (struct arena_adopted){arena->adopted, malloced};
  arena->adopted = note;
  return malloced;
}

void arena_free(struct arena *arena)
{
  while (arena->adopted) {
    struct arena_adopted *next = arena->adopted->next;
    free(arena->adopted->memory);
    free(arena->adopted);
    arena->adopted = next;
  }
  struct arena_block *block = arena->blocks;
  while (block) {
    struct arena_block *next = block->next;
    free(block);
    block = next;
  }
  arena->blocks = NULL;
}
