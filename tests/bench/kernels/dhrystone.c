/* A mix in the manner of Dhrystone, written for this: records by pointer, strings compared
 * and copied, an enumeration, calls with several arguments. */
#include "kernel.h"

enum kind { FIRST, SECOND, THIRD };
struct record {
  struct record *other;
  enum kind kind;
  int32_t number;
  char text[31];
};
static struct record one, two;
static int32_t table[50], grid[10][10];

static int compare(const char *a, const char *b)
{
  while (*a && *a == *b) {
    a++, b++;
  }
  return *a - *b;
}

static void copy(char *to, const char *from)
{
  while ((*to++ = *from++)) {
  }
}

__attribute__((noinline)) static enum kind choose(enum kind k, int32_t n)
{
  switch (k) {
  case FIRST:
    return n > 100 ? SECOND : THIRD;
  case SECOND:
    return THIRD;
  case THIRD:
    return FIRST;
  }
  return k;
}

__attribute__((noinline)) static void fill(int32_t *v, int32_t (*g)[10], int32_t a, int32_t b)
{
  int32_t at = a + 5;
  v[at] = b;
  v[at + 1] = v[at];
  v[at + 30] = at;
  for (int32_t i = at; i <= at + 1; i++) {
    g[at % 10][i % 10] = at;
  }
  g[at % 10][(at + 9) % 10]++;
}

__attribute__((noinline)) static void visit(struct record *r)
{
  struct record *next = r->other;
  *next = *r;
  r->number = 5;
  next->number = r->number;
  next->other = r;
  if (next->kind == FIRST) {
    next->number = 6;
    next->kind = choose(r->kind, next->number * 20);
  } else {
    *r = *next;
    r->other = next;
    next->kind = choose(next->kind, 7);
  }
}

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  one.other = &two;
  one.kind = FIRST;
  copy(one.text, "DHRYSTONE-LIKE, SOME STRING");
  for (uint32_t i = 0; i < rounds; i++) {
    char text[31];
    copy(text, "DHRYSTONE-LIKE, 2'ND STRING");
    int32_t a = 2, b = 3, c = 7 * (int32_t)(i & 3);
    while (a < b) {
      c = 5 * a - b;
      a++;
    }
    fill(table, grid, a, c);
    visit(&one);
    for (char letter = 'A'; letter <= 'C'; letter++) {
      if (compare(text, one.text) < (int)letter) {
        b = b * a + (int32_t)one.kind;
      }
    }
    c = b / a;
    sum += (uint32_t)(c + one.number + grid[a % 10][3] + (int32_t)two.kind);
  }
  return sum;
}
