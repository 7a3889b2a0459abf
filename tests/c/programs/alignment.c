/* Where members and objects lie, and that they stay apart. */
#include "check.h"
#include <stddef.h>

struct padded {
  char a;
  short b;
  char c;
  int d;
  char e;
  int64_t f;
  char g;
};
struct __attribute__((packed)) packed {
  char a;
  int b;
  short c;
  int64_t d;
};
struct holder {
  char first;
  struct {
    char x[3];
    _Alignas(16) char y;
  } inner;
  unsigned short last[];
};
static char before = 1;
static _Alignas(32) char aligned[3] = {1, 2, 3};
static char after = 2;
static _Alignas(64) int zeros[2];
static struct packed packed[3];

int main(void)
{
  printf("%u %u %u %u %u %u %u\n", (unsigned)offsetof(struct padded, b), (unsigned)offsetof(struct padded, c),
         (unsigned)offsetof(struct padded, d), (unsigned)offsetof(struct padded, e), (unsigned)offsetof(struct padded, f),
         (unsigned)offsetof(struct padded, g), (unsigned)sizeof(struct padded));
  printf("%u %u %u %u\n", (unsigned)sizeof(struct packed), (unsigned)offsetof(struct packed, d),
         (unsigned)offsetof(struct holder, last), (unsigned)sizeof(struct holder));
  CHECK(((uintptr_t)aligned & 31) == 0 && ((uintptr_t)zeros & 63) == 0 && before + after == 3);
  _Alignas(16) char local[5];
  CHECK(((uintptr_t)local & 15) == 0);
  for (int i = 0; i < 3; i++) {
    packed[i] = (struct packed){(char)i, HIDE(0x12345678) + i, (short)-i, HIDE(-0x123456789abcll) * i};
  }
  for (int i = 0; i < 3; i++) {
    printf("%d %x %d %lld\n", packed[i].a, (unsigned)packed[i].b, packed[i].c, (long long)packed[i].d);
  }
  packed[1].d++;
  packed[1].c += 300;
  CHECK(packed[1].d == -0x123456789abbll && packed[1].c == 299 && packed[2].a == 2);
  struct holder *h = malloc(sizeof *h + 4 * sizeof h->last[0]);
  for (int i = 0; i < 4; i++) {
    h->last[i] = (unsigned short)(i * 20000);
  }
  CHECK(h->last[3] == 60000);
  free(h);
  DONE;
}
