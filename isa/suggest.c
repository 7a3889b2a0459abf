#include "isa/suggest.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 31

struct suggestion suggest_begin(const char *word, size_t len)
{
  /* One slip in short words, two in longer ones. */
  return (struct suggestion){word, len, NULL, len <= 3 ? 2 : len <= 7 ? 3 : 4};
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

static size_t same(char a, char b)
{
  return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edits from a to b: insert, delete, replace, or swap two neighbours. */
static size_t distance(const char *a, size_t alen, const char *b, size_t blen)
{
  size_t row[3][LONGEST + 1];
  size_t *before = row[0], *above = row[1], *here = row[2];
  for (size_t j = 0; j <= blen; j++)
    above[j] = before[j] = j;
  for (size_t i = 1; i <= alen; i++) {
    here[0] = i;
    for (size_t j = 1; j <= blen; j++) {
      here[j] = least(least(above[j], here[j - 1]) + 1, above[j - 1] + !same(a[i - 1], b[j - 1]));
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        here[j] = least(here[j], before[j - 2] + 1);
    }
    size_t *oldest = before;
    before = above, above = here, here = oldest;
  }
  return above[blen];
}

void suggest_offer(struct suggestion *s, const char *candidate)
{
  size_t len = strlen(candidate);
  if (s->len > LONGEST || len > LONGEST)
    return;
  size_t d = distance(s->word, s->len, candidate, len);
  if (d < s->distance && d < least(s->len, len)) {
    s->best = candidate;
    s->distance = d;
  }
}
