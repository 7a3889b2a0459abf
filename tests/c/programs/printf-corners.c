/* Flags, widths and precisions that meet. */
#include "check.h"
#include <inttypes.h>
#include <stddef.h>

int main(void)
{
  static const int numbers[] = {0, 1, -1, 42, -4242, INT32_MAX, INT32_MIN};
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    int n = numbers[i];
    printf("[%+6d] [%-+6d] [%+06d] [% 06d] [%-06d] [%6.3d] [%-6.3d] [%06.3d] [%.0d]\n", n, n, n, n, n, n, n, n, n);
    printf("[%#6x] [%-#8X] [%#08x] [%#.5x] [%.0x] [%#o] [%#.3o] [%8.6o]\n", n, n, n, n, n, n, n, n);
    printf("[%hhd] [%hhu] [%hd] [%hu] [%hhx] [%ho]\n", (signed char)n, (unsigned char)n, (short)n, (unsigned short)n, (unsigned char)n, (unsigned short)n);
    printf("[%+lld] [%020llu] [%#18llx] [%-20lldx] [%.15lld]\n", n * 10000000000ll, (unsigned long long)n, (long long)n, (long long)n, (long long)n);
    printf("[%*d] [%-*d] [%*d] [%.*d] [%*.*d]\n", 7, n, 7, n, -7, n, 4, n, 8, 3, n);
  }
  printf("[%zu] [%td] [%jd] [%" PRId64 "] [%" PRIu32 "] [%" PRIx64 "]\n", sizeof numbers, (ptrdiff_t)-3, (intmax_t)-5, INT64_C(-6), UINT32_C(7), UINT64_C(0xabcdef0123));
  printf("[%ld] [%lu] [%lx] [%li]\n", -5l, 5ul, 0xful, 123456l);
  printf("[%s] [%.0s] [%.3s] [%-6s] [%6s] [%-6.2s] [%c%c%c]\n", "", "gone", "abcdef", "ab", "ab", "abc", 'x', '%', '\t');
  printf("[%.*s] [%*s]\n", 2, "abc", -5, "ab");
  char line[16];
  int n = snprintf(line, 5, "%d-%s", HIDE(123), "abc");
  CHECK(n == 7 && strcmp(line, "123-") == 0);
  CHECK(snprintf(line, 1, "%d", HIDE(5)) == 1 && line[0] == 0);
  printf("%d%%%d [%#o] [%#.0o] [%#6o] [%#06o] [%-#6o]\n", 1, 2, 0, 0, 9, 9, 9);
  DONE;
}
