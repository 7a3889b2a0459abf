#include "check.h"

int main(void)
{
  for (int i = 0; i < 32; i++) {
    int by = HIDE(i);
    CHECK((1u << by) >> by == 1);
    CHECK(HIDE(INT32_MIN) >> by == -(int)(1u << (31 - by)) || i == 0);
    printf("%x ", (unsigned)(HIDE(-0x12345678) >> by));
  }
  printf("\n");
  CHECK((uint8_t)(HIDE(0x1ff) << 1) == 0xfe);
  DONE;
}
