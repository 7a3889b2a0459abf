#include "check.h"

static uint32_t crc(const char *s, size_t n)
{
  uint32_t c = ~0u;
  while (n-- > 0) {
    c ^= (unsigned char)*s++;
    for (int i = 0; i < 8; i++)
      c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}

int main(void)
{
  printf("%08x\n", (unsigned)crc("123456789", 9));
  CHECK(crc("123456789", 9) == 0xcbf43926u && crc("", 0) == 0);
  DONE;
}
