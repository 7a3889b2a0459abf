#include "check.h"

int main(void)
{
  const char *program = "++>+++<[->+<]>.";
  int cell[4] = {0}, at = 0;
  for (const char *p = program; *p; p++) {
    switch (*p) {
    case '+':
      cell[at]++;
      break;
    case '-':
      cell[at]--;
      break;
    case '>':
      at++;
      break;
    case '<':
      at--;
      break;
    case '[':
      if (!cell[at])
        while (*p != ']')
          p++;
      continue;
    case ']':
      if (cell[at])
        while (*p != '[')
          p--;
      continue;
    case '.':
      printf("%d\n", cell[at]);
    }
  }
  CHECK(cell[1] == 5 && cell[0] == 0);
  DONE;
}
