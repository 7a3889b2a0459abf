/* Copies of pages that snapshots and checkpoints keep and share with one another. Whoever takes
 * many at once gets them in blocks of a host's huge page: a host needs far longer to provide
 * small pages than copying takes.
 */
#ifndef TRAPEZE_MACHINE_KEPT_PAGES_H
#define TRAPEZE_MACHINE_KEPT_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa/isa.h"

struct kept_page {
  unsigned users; /* who each call kept_page_release() */
  bool in_block;
  uint64_t digest; /* the taker's */
  uint8_t bytes[ISA_PAGE_SIZE];
};

/* Where they come from while one snapshot is taken. Zeroed is empty; then closed. */
struct kept_source {
  struct kept_block *block;
  unsigned taken;
};

/* With one user, its bytes not set. NULL: no memory. */
struct kept_page *kept_page_new(struct kept_source *from);
void kept_source_close(struct kept_source *from);
/* NULL is fine. How many bytes the host has back: of a block all, with its last page. */
size_t kept_page_release(struct kept_page *p);

#endif
