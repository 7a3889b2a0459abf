#include "check.h"

int main(void)
{
  char a[32], b[32];
  strcpy(a, "hello");
  strcat(a, ", world");
  CHECK(strlen(a) == 12 && strcmp(a, "hello, world") == 0 && strncmp(a, "help", 3) == 0);
  CHECK(strcmp(a, "hellp") < 0 && strcmp("b", a) < 0 && strcmp("", "a") < 0);
  CHECK(strchr(a, 'w') == a + 7 && strrchr(a, 'o') == a + 8 && strchr(a, 'z') == NULL && strchr(a, 0) == a + 12);
  CHECK(strstr(a, "lo,") == a + 3 && strstr(a, "xyz") == NULL && strstr(a, "") == a);
  strncpy(b, a, sizeof b);
  CHECK(b[31] == 0 && strcmp(a, b) == 0);
  CHECK(memcmp("\x80", "\x7f", 1) > 0 && memchr(a, ',', 12) == a + 5 && memchr(a, ',', 3) == NULL);
  printf("%s\n", a);
  DONE;
}
