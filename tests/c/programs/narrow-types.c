#include "check.h"

int main(void)
{
  int8_t a = (int8_t)HIDE(200);
  uint8_t b = (uint8_t)HIDE(-1);
  int16_t c = (int16_t)HIDE(40000);
  uint16_t d = (uint16_t)HIDE(70000);
  CHECK(a == -56 && b == 255 && c == -25536 && d == 4464);
  a = (int8_t)(a * 2);
  b++;
  c = (int16_t)(c + c);
  d = (uint16_t)(d << 8);
  printf("%d %d %d %d\n", a, b, c, d);
  CHECK(a == -112 && b == 0 && c == 14464 && d == (4464 << 8 & 0xffff));
  CHECK((char)HIDE(0x41) == 'A' && (signed char)HIDE(0xff) == -1 && (_Bool)HIDE(256) == 1);
  DONE;
}
