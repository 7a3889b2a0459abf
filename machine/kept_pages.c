#include "machine/kept_pages.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Aligned to its size, so that a page's address tells its block. */
#define BLOCK_SIZE ((size_t)2 << 20)
/* Pages that are taken one by one first: who needs so many needs more. */
#define SINGLE_PAGES 128u

struct kept_block {
  unsigned users; /* pages that are in use, and the source while it is open */
  unsigned taken;
  struct kept_page page[];
};

#define BLOCK_PAGES ((BLOCK_SIZE - sizeof(struct kept_block)) / sizeof(struct kept_page))

/* NULL: the host refuses; there are still single pages. */
static struct kept_block *new_block(void)
{
  uint8_t *at = mmap(NULL, 2 * BLOCK_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    return NULL;
  }
  size_t before = -(uintptr_t)at % BLOCK_SIZE;
  if (before > 0) {
    munmap(at, before);
  }
  munmap(at + before + BLOCK_SIZE, BLOCK_SIZE - before);
  struct kept_block *b = (struct kept_block *)(at + before);
  madvise(b, BLOCK_SIZE, MADV_HUGEPAGE); /* refused: it is only slower */
  b->users = 1;
  return b;
}

static size_t release_block(struct kept_block *b)
{
  if (!b || --b->users > 0) {
    return 0;
  }
  size_t size = b->taken * sizeof(struct kept_page);
  munmap(b, BLOCK_SIZE);
  return size;
}

static struct kept_page *from_block(struct kept_source *from)
{
  if (from->block && from->block->taken == BLOCK_PAGES) {
    kept_source_close(from);
  }
  if (!from->block) {
    from->block = new_block();
  }
  if (!from->block) {
    return NULL;
  }
  from->block->users++;
  return &from->block->page[from->block->taken++];
}

struct kept_page *kept_page_new(struct kept_source *from)
{
  struct kept_page *p = from->taken++ < SINGLE_PAGES ? NULL : from_block(from);
  bool in_block = p != NULL;
  p = p ? p : malloc(sizeof *p);
  if (p) {
    p->users = 1;
    p->in_block = in_block;
  }
  return p;
}

void kept_source_close(struct kept_source *from)
{
  release_block(from->block);
  from->block = NULL;
}

size_t kept_page_release(struct kept_page *p)
{
  if (!p || --p->users > 0) {
    return 0;
  }
  if (p->in_block) {
    return release_block((struct kept_block *)((uintptr_t)p & ~(uintptr_t)(BLOCK_SIZE - 1)));
  }
  free(p);
  return sizeof *p;
}
