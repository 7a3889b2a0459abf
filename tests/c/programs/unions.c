#include "check.h"

union word {
  uint32_t w;
  uint8_t b[4];
  int16_t h[2];
};

int main(void)
{
  union word u = {.w = HIDE(0x80017fffu)};
  CHECK(u.b[0] == 0xff && u.b[3] == 0x80 && u.h[0] == 0x7fff && u.h[1] == -32767);
  u.b[1] = 1;
  printf("%08x %d %d\n", (unsigned)u.w, u.h[0], u.h[1]);
  CHECK(u.w == 0x800101ff);
  DONE;
}
