/* Build-time: assembles one file to ELF, for guests that other guests hold.
 *   assemble [-I DIR]… FILE.s > FILE.elf
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"

#define MOST_DIRS 8

int main(int argc, char **argv)
{
  const char *dirs[MOST_DIRS + 1] = {NULL};
  int arg = 1;
  for (int n = 0; arg + 1 < argc && strcmp(argv[arg], "-I") == 0 && n < MOST_DIRS; arg += 2)
    dirs[n++] = argv[arg + 1];
  if (arg + 1 != argc) {
    fprintf(stderr, "usage: assemble [-I DIR]... FILE.s > FILE.elf\n");
    return 2;
  }
  struct asm_options o = {.reader = asm_host_reader, .include_dirs = dirs, .errors = stderr};
  struct asm_output out = {0};
  if (asm_assemble_elf(argv[arg], &o, &out) != ASM_OK)
    return 1;
  size_t written = fwrite(out.bytes, 1, out.len, stdout);
  free(out.bytes);
  return written != out.len || fflush(stdout) != 0;
}
