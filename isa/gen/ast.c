#include "isa/gen/ast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
  struct arena_block *next;
  max_align_t data[];
};

void out_of_memory(void)
{
  fputs("isagen: out of memory\n", stderr);
  exit(3);
}

void *arena_alloc(struct arena *arena, size_t size)
{
  struct arena_block *block = calloc(1, sizeof *block + size);
  if (!block)
    out_of_memory();
  block->next = arena->blocks;
  arena->blocks = block;
  return block->data;
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
  char *copy = arena_alloc(arena, len + 1);
  memcpy(copy, text, len);
  return copy;
}

void def_destroy(struct def *def)
{
  while (def->arena.blocks) {
    struct arena_block *next = def->arena.blocks->next;
    free(def->arena.blocks);
    def->arena.blocks = next;
  }
}

const struct primitive primitives[] = {
    /* name            macro             args  result              trap  effect write user */
    {"load.b", "LOAD_B", "e", RESULT_VALUE, true, false, false, true},
    {"load.h", "LOAD_H", "e", RESULT_VALUE, true, false, false, true},
    {"load.w", "LOAD_W", "e", RESULT_VALUE, true, false, false, true},
    {"load.prev", "LOAD_PREV", "e", RESULT_VALUE, true, false, false, false},
    {"store.b", "STORE_B", "ee", RESULT_NONE, true, true, false, true},
    {"store.h", "STORE_H", "ee", RESULT_NONE, true, true, false, true},
    {"store.w", "STORE_W", "ee", RESULT_NONE, true, true, false, true},
    {"store.prev", "STORE_PREV", "ee", RESULT_NONE, true, true, false, false},
    {"translate", "TRANSLATE", "ex", RESULT_TRANSLATION, false, false, false, false},
    {"readcr", "READ_CR", "c", RESULT_VALUE, false, false, false, false},
    {"writecr", "WRITE_CR", "ce", RESULT_NONE, false, false, true, false},
    {"port.in", "PORT_IN", "e", RESULT_VALUE, true, true, false, false},
    {"port.out", "PORT_OUT", "ee", RESULT_NONE, true, true, false, false},
    {"channel.start", "CHANNEL_START", "e", RESULT_VALUE, true, true, false, false},
    {"channel.test", "CHANNEL_TEST", "e", RESULT_VALUE, true, false, false, false},
    {"tlb.write", "TLB_WRITE", "", RESULT_NONE, false, true, false, false},
    {"tlb.probe", "TLB_PROBE", "e", RESULT_VALUE, false, false, false, false},
    {"tlb.invalidate", "TLB_INVALIDATE", "ee", RESULT_NONE, false, true, false, false},
    {"key.set", "KEY_SET", "ee", RESULT_NONE, true, true, false, false},
    {"key.get", "KEY_GET", "e", RESULT_VALUE, true, false, false, false},
    {"wait", "WAIT", "", RESULT_NONE, false, true, false, false},
    {"halt", "HALT", "", RESULT_NONE, false, true, false, false},
    {NULL, NULL, NULL, RESULT_NONE, false, false, false, false},
};

bool binary_is_comparison(enum binary op)
{
  return op >= BINARY_EQ;
}

const char *function_text(enum function f)
{
  static const char *const text[] = {
      [FUNCTION_MULHSS] = "mulhss",
      [FUNCTION_MULHSU] = "mulhsu",
      [FUNCTION_MULHUU] = "mulhuu",
      [FUNCTION_SEXT] = "sext",
  };
  return text[f];
}
