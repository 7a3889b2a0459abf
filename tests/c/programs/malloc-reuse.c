#include "check.h"

int main(void)
{
  char *p[40];
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 40; i++) {
      p[i] = malloc((size_t)(i * 7 + round + 1));
      CHECK(p[i] != NULL && ((uintptr_t)p[i] & 7) == 0);
      memset(p[i], i, (size_t)(i * 7 + round + 1));
    }
    for (int i = 0; i < 40; i++)
      for (int j = 0; j < i * 7 + round + 1; j++)
        CHECK(p[i][j] == i);
    for (int i = 0; i < 40; i += 2)
      free(p[i]);
    for (int i = 1; i < 40; i += 2)
      free(p[i]);
  }
  char *q = realloc(malloc(4), 1000);
  CHECK(q != NULL);
  free(q);
  DONE;
}
