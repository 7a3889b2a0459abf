/* Data that the compiler lays out: designated, nested, with addresses and differences in it. */
#include "check.h"
#include <stddef.h>

struct node {
  const char *name;
  const struct node *next;
  int (*f)(int);
  unsigned char flags[3];
  int64_t big;
};

static int up(int n)
{
  return n + 1;
}
static int down(int n)
{
  return n - 1;
}
static char buffer[20];
static const struct node nodes[] = {
    [2] = {.name = "third", .f = down, .flags = {[1] = 7}, .big = -1},
    [0] = {"first", &nodes[2], up, {1, 2, 3}, 0x123456789abcdef},
    [1] = {.next = nodes, .big = INT64_MIN},
};
static char *const inside[] = {&buffer[7], buffer + 19, &buffer[0]};
static const char grid[][4] = {"abc", "de", {'f', 'g', 'h', 'i'}};
static const char escapes[] = "a\tb\"c\\d\x01\377\0z;#%s";
static const unsigned short wide[] = u"h\u00e9llo";
static const unsigned words[] = {~0u, 1u << 31, 'a' << 8 | 'b', sizeof escapes};
static int *volatile pointer = (int[]){10, 20, 30};
_Bool truths[] = {1, 0, 5 > 3, !1};

int main(void)
{
  for (const struct node *n = &nodes[1]; n; n = n->next) {
    printf("%s %d %d %lld\n", n->name ? n->name : "-", n->f ? n->f(10) : 0, n->flags[1], (long long)n->big);
  }
  strcpy(inside[2], "0123456789");
  CHECK(*inside[0] == '7' && inside[1] - inside[2] == 19);
  CHECK(grid[2][3] == 'i' && grid[1][2] == 0 && sizeof grid == 12);
  for (unsigned i = 0; i < sizeof escapes; i++) {
    printf("%d ", (unsigned char)escapes[i]);
  }
  printf("\n%x %x %x %u %u %u\n", words[0], words[1], words[2], words[3], wide[1], (unsigned)(sizeof wide / sizeof wide[0]));
  pointer[1] = HIDE(21);
  CHECK(pointer[1] == 21 && pointer[2] == 30);
  CHECK(truths[0] + truths[1] + truths[2] + truths[3] == 2);
  CHECK(_Generic(words[0], unsigned: 1, default: 2) == 1);
  struct node copy = nodes[0];
  copy.flags[2]++;
  CHECK(copy.flags[2] == 4 && nodes[0].flags[2] == 3 && copy.next == nodes + 2);
  DONE;
}
