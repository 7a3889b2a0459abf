/* Build-time: writes C that holds files as bytes.
 *   embed [--strip PREFIX] TABLE FILE… > out.c
 * defines `const struct embedded_file TABLE[]`, ended by a NULL name; names are
 * the paths without PREFIX, or without their folder if none was given.
 */
#include <stdio.h>
#include <string.h>

static const char *short_name(const char *path, const char *prefix)
{
  if (prefix && strncmp(path, prefix, strlen(prefix)) == 0)
    return path + strlen(prefix);
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static int emit_bytes(const char *path, int index)
{
  FILE *in = fopen(path, "rb");
  if (!in) {
    perror(path);
    return 1;
  }
  printf("static const unsigned char file%d[] = {", index);
  int c;
  long n = 0;
  for (; (c = getc(in)) != EOF; n++)
    printf("%s%d,", n % 24 ? "" : "\n", c);
  printf("0};\n"); /* terminated, so that text can be used as a string */
  printf("#define SIZE%d %ld\n", index, n);
  fclose(in);
  return 0;
}

int main(int argc, char **argv)
{
  const char *prefix = NULL;
  int arg = 1;
  if (argc > 2 && strcmp(argv[1], "--strip") == 0) {
    prefix = argv[2];
    arg = 3;
  }
  if (arg >= argc) {
    fprintf(stderr, "usage: embed [--strip PREFIX] TABLE FILE...\n");
    return 2;
  }
  const char *table = argv[arg++];
  printf("#include \"isa/embed.h\"\n");
  for (int i = arg; i < argc; i++)
    if (emit_bytes(argv[i], i))
      return 1;
  printf("extern const struct embedded_file %s[];\n", table);
  printf("const struct embedded_file %s[] = {\n", table);
  for (int i = arg; i < argc; i++)
    printf("  {\"%s\", file%d, SIZE%d},\n", short_name(argv[i], prefix), i, i);
  printf("  {0, 0, 0},\n};\n");
  return ferror(stdout) != 0;
}
