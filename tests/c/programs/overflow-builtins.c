#include "check.h"

int main(void)
{
  int r;
  unsigned u;
  CHECK(__builtin_add_overflow(HIDE(INT32_MAX), 1, &r) && r == INT32_MIN);
  CHECK(!__builtin_add_overflow(HIDE(1), 1, &r) && r == 2);
  CHECK(__builtin_mul_overflow(HIDE(65536), 65536, &r));
  CHECK(!__builtin_mul_overflow(HIDE(46340), 46340, &r) && r == 2147395600);
  CHECK(__builtin_sub_overflow(HIDE(0u), 1u, &u) && u == UINT32_MAX);
  long long l;
  CHECK(__builtin_add_overflow(HIDE(INT64_MAX), 1, &l) && l == INT64_MIN);
  DONE;
}
