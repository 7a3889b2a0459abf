#include "check.h"

static volatile int counter;
static volatile unsigned char byte = 250;

int main(void)
{
  for (int i = 0; i < 10; i++) {
    counter += i;
    byte++;
  }
  printf("%d %d\n", counter, byte);
  CHECK(counter == 45 && byte == 4);
  DONE;
}
