/* Memory of one assembly: everything is allocated here and freed at once, so no
 * path can leak. An allocation that fails unwinds to the entry point by longjmp;
 * it is the assembler's only non-local exit.
 */
#ifndef TRAPEZE_ASM_ARENA_H
#define TRAPEZE_ASM_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena_adopted;

struct arena {
  struct arena_block *blocks;
  struct arena_adopted *adopted;
  size_t total, limit; /* bytes taken from the host, and how many may be */
  jmp_buf failed;      /* set by the owner before the first allocation */
};

/* Zeroed; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* A terminated copy of `len` bytes. */
char *arena_copy(struct arena *arena, const char *bytes, size_t len);
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0), nonnull(2)));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
/* Room for `need` items in a vector of which `count` are in use: the old items,
 * or a bigger copy of them with *capacity updated. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t need,
                 size_t item_size);
/* Takes over malloc'd memory; frees it if there is no room to note it down. */
void *arena_adopt(struct arena *arena, void *malloced);
void arena_free(struct arena *arena);

#define VEC(type)                                                                                  \
  struct {                                                                                         \
    type *items;                                                                                   \
    size_t count, capacity;                                                                        \
  }

/* Makes room for n more items. */
#define VEC_RESERVE(arena, v, n)                                                                   \
  ((v)->items = arena_grow((arena), (v)->items, (v)->count, &(v)->capacity, (v)->count + (n),      \
                           sizeof *(v)->items))
/* Points to a new last item, whose contents are undefined. */
#define VEC_PUSH(arena, v) (VEC_RESERVE(arena, v, 1), &(v)->items[(v)->count++])

#endif
