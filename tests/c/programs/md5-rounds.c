#include "check.h"

static const uint32_t k[4] = {0xd76aa478u, 0xe8c7b756u, 0x242070dbu, 0xc1bdceeeu};
static uint32_t rotate(uint32_t x, int n)
{
  return x << n | x >> (32 - n);
}

int main(void)
{
  uint32_t a = 0x67452301u, b = 0xefcdab89u, c = 0x98badcfeu, d = 0x10325476u;
  for (int i = 0; i < 64; i++) {
    uint32_t f = i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d);
    uint32_t t = d;
    d = c;
    c = b;
    b += rotate(a + f + k[i & 3] + (uint32_t)i, 7 + (i & 3) * 5);
    a = t;
  }
  printf("%08x %08x %08x %08x\n", (unsigned)a, (unsigned)b, (unsigned)c, (unsigned)d);
  CHECK(rotate(HIDE(0x80000001u), 1) == 3);
  DONE;
}
