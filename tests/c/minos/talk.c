/* Asks minos for all that it offers, and reads a line. `lock` is a name of the kernel's too. */
#include <minos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lock = 3;
static const char *const words[] = {"pointers", "in data"};
static unsigned char sector[512], again[512];
static int zeros[4];
_Alignas(64) static int line[4] = {1, 2, 3, 4};

int main(int argc, char **argv)
{
  for (int i = 0; i < 512; i++) {
    sector[i] = (unsigned char)(i * 7);
  }
  int error = minos_disk_write(70, sector) | minos_disk_read(70, again);
  printf("%s: disk %d %d, %s %s, %d %d %d, %d arguments\n", argv[0], error,
         memcmp(sector, again, sizeof sector), words[0], words[1], lock, zeros[3] + line[3],
         (int)((unsigned)line & 63), argc);
  printf("no such program: %d\n", minos_spawn("nothing"));
  char *volatile memory = malloc(9000);
  memset(memory, 'x', 9000);
  memory = malloc(9000);
  printf("%d %d\n", memory == NULL, minos_ticks() > 1000 && minos_yield() == 0);
  printf("what? ");
  for (int c; (c = getchar()) != EOF && c != '\n';) {
    printf("<%c>", c);
  }
  putchar('\n');
  return 300 + minos_spawn("life") - minos_getpid();
}
