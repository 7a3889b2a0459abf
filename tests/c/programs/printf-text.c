#include "check.h"

int main(void)
{
  char buf[8];
  printf("[%s] [%10s] [%-10s] [%.2s] [%10.2s] [%c] [%3c]\n", "text", "text", "text", "text", "text", 'x', 'y');
  int n = snprintf(buf, sizeof buf, "%s", HIDE((const char *)"longer than that"));
  CHECK(n == 16 && strcmp(buf, "longer ") == 0);
  CHECK(snprintf(NULL, 0, "%d", HIDE(12345)) == 5);
  CHECK(sprintf(buf, "%d,%d", 12, -3) == 5 && strcmp(buf, "12,-3") == 0);
  CHECK(printf("%s", "") == 0);
  DONE;
}
