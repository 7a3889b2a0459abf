#include "check.h"

struct __attribute__((packed)) p {
  char c;
  uint32_t w;
  uint16_t h;
  uint64_t l;
};
static struct p table[] = {{1, 0x12345678, 0xabcd, 0x1122334455667788ull}, {2, 3, 4, 5}};

int main(void)
{
  CHECK(sizeof(struct p) == 15);
  struct p *q = &table[HIDE(0)];
  CHECK(q->w == 0x12345678 && q->h == 0xabcd && q->l == 0x1122334455667788ull && q[1].l == 5);
  q->w += 1;
  q[1].l = q->l << 4;
  printf("%x %llx\n", (unsigned)q->w, (unsigned long long)q[1].l);
  CHECK(q->h == 0xabcd && q[1].h == 4);
  DONE;
}
