/* memmove both ways at every alignment, memset and memcmp at the edges. */
#include "check.h"

static unsigned char bytes[64], want[64];

static void fill(void)
{
  for (int i = 0; i < 64; i++) {
    bytes[i] = want[i] = (unsigned char)(i * 37 + 11);
  }
}

int main(void)
{
  unsigned sum = 0;
  for (int from = 0; from < 9; from++) {
    for (int to = 0; to < 9; to++) {
      for (int n = 0; n < 40; n += 1 + n / 7) {
        fill();
        unsigned char copy[64];
        for (int i = 0; i < n; i++) {
          copy[i] = bytes[from + i];
        }
        for (int i = 0; i < n; i++) {
          want[to + i] = copy[i];
        }
        CHECK(memmove(bytes + to, bytes + from, (size_t)HIDE(n)) == bytes + to);
        CHECK(memcmp(bytes, want, 64) == 0);
        sum = sum * 31 + bytes[(n + to) & 63];
        memset(bytes + to, HIDE(0x1ff), (size_t)n);
        CHECK((n == 0 || (bytes[to] == 255 && bytes[to + n - 1] == 255)) && bytes[to + n] == want[to + n]);
      }
    }
  }
  char text[8] = "xxxxxxx";
  CHECK(strncpy(text, "ab", 4) == text && memcmp(text, "ab\0\0xxx", 8) == 0);
  CHECK(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0 && strncmp("a", "b", 0) == 0);
  CHECK(strncmp("ab", "abc", 5) < 0 && strcmp("\xff", "a") > 0 && memcmp("a\0b", "a\0c", 3) < 0);
  CHECK(strrchr(text, 0) == text + 2 && strstr("aab", "ab") && memchr("\x80", 0x180, 1));
  CHECK(strtol("  -0x1Fz", NULL, 16) == -31 && strtol("0755", NULL, 0) == 493 && strtoul("4294967295", NULL, 10) == 4294967295u);
  char *end;
  CHECK(strtol("+12-", &end, 10) == 12 && *end == '-' && strtol("x", &end, 10) == 0 && *end == 'x');
  printf("%u\n", sum);
  DONE;
}
