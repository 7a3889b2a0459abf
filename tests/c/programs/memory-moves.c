#include "check.h"

int main(void)
{
  unsigned char b[64], c[64];
  for (int from = 0; from < 8; from++)
    for (int to = 0; to < 8; to++)
      for (size_t n = 0; n < 40; n += 3) {
        for (int i = 0; i < 64; i++)
          b[i] = c[i] = (unsigned char)i;
        memmove(b + to, b + from, n);
        for (size_t i = 0; i < n; i++)
          CHECK(b[(size_t)to + i] == c[(size_t)from + i]);
        for (int i = 0; i < to; i++)
          CHECK(b[i] == i);
      }
  memset(b, 0xa5, sizeof b);
  CHECK(b[0] == 0xa5 && b[63] == 0xa5);
  memcpy(b + 1, "abcdefg", 8);
  CHECK(strcmp((char *)b + 1, "abcdefg") == 0 && b[9] == 0xa5);
  DONE;
}
