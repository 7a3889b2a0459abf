#include "check.h"

int main(void)
{
  char *end;
  CHECK(strtol("  -123abc", &end, 10) == -123 && strcmp(end, "abc") == 0);
  CHECK(strtol("0x1F", &end, 0) == 31 && *end == 0 && strtol("0777", NULL, 0) == 511);
  CHECK(strtoul("zz", &end, 36) == 35 * 36 + 35 && strtol("101", NULL, 2) == 5);
  const char *none = "xyz";
  CHECK(strtol(none, &end, 10) == 0 && end == none);
  CHECK(atoi("42") == 42 && atoi("-7 ") == -7 && atoi("") == 0);
  DONE;
}
