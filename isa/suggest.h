/* "Did you mean": the nearest of the words offered, if it is near enough to be
 * a slip of the fingers.
 */
#ifndef TRAPEZE_ISA_SUGGEST_H
#define TRAPEZE_ISA_SUGGEST_H

#include <stddef.h>

struct suggestion {
  const char *word; /* as the user wrote it; `len` bytes */
  size_t len;
  const char *best; /* NULL: none is near enough; else one of those offered */
  size_t distance;
};

struct suggestion suggest_begin(const char *word, size_t len);
/* `candidate` is kept if it is nearer than any before: the first of equals wins. */
void suggest_offer(struct suggestion *s, const char *candidate);

#endif
