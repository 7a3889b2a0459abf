#include "check.h"

static int column;
static void word(const char *s, int len)
{
  if (column + len > 30) {
    printf("\n");
    column = 0;
  }
  printf("%s%.*s", column ? " " : "", len, s);
  column += len + (column ? 1 : 0);
}

int main(void)
{
  const char *s = "A virtual machine is taken to be an efficient, isolated duplicate of the real machine.";
  int words = 0;
  while (*s) {
    int len = 0;
    while (s[len] && s[len] != ' ')
      len++;
    word(s, len);
    words++;
    s += len;
    while (*s == ' ')
      s++;
  }
  printf("\n");
  CHECK(words == 15);
  DONE;
}
