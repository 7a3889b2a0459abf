#include "check.h"

static const char *name(unsigned n)
{
  switch (n) {
  case 1:
    return "one";
  case 1000:
    return "thousand";
  case 0x80000000u:
    return "half";
  case 0xffffffffu:
    return "all";
  case 'A' ... 'F':
    return "letter";
  }
  return "none";
}

int main(void)
{
  static const unsigned n[] = {0, 1, 999, 1000, 0x7fffffff, 0x80000000u, 0xffffffffu, 'A', 'C', 'G'};
  for (size_t i = 0; i < sizeof n / sizeof *n; i++)
    printf("%s ", name(HIDE(n[i])));
  printf("\n");
  CHECK(strcmp(name(0xffffffffu), "all") == 0 && strcmp(name('G'), "none") == 0);
  DONE;
}
