#include "check.h"

int main(void)
{
  static const int64_t n[] = {INT64_MIN, -0x100000000ll, -1, 0, 1, 0x7fffffff, 0x80000000ll, 0xffffffffll,
                              0x100000000ll, INT64_MAX};
  for (int i = 0; i < 10; i++)
    for (int j = 0; j < 10; j++) {
      int64_t a = HIDE(n[i]), b = HIDE(n[j]);
      CHECK((a < b) == (i < j) && (a <= b) == (i <= j) && (a == b) == (i == j));
      CHECK(((uint64_t)a < (uint64_t)b) == ((a < 0) == (b < 0) ? i < j : a >= 0));
    }
  DONE;
}
