/* One program for all targets: it is the one that its name says, so that the rooms
 * are linked once: asm; asm-wrong, with a wrong oracle; asm-coarse, to choose what
 * is kept. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed);

static const struct {
  const char *name;
  fuzz_target *run;
} targets[] = {
    {"asm", fuzz_asm},
    {"disasm", fuzz_disasm},
    {"profile", fuzz_profile},
    {"image", fuzz_image},
    {"inputlog", fuzz_inputlog},
    {"definition", fuzz_definition},
    {"directory", fuzz_directory},
    {"trace", fuzz_trace},
    {"console", fuzz_console},
    {"guest", fuzz_guest},
    {"planted", fuzz_planted},
};

/* libFuzzer's interface has no place for state of ours. */
static fuzz_target *target;
static bool wrong, coarse;
static FILE *sink, *errors;

/* libFuzzer looks for counters by this section's name. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[4096];

void reached(uint32_t n)
{
  uint8_t *counter = &counters[n % (coarse ? 256 : sizeof counters)];
  *counter = (uint8_t)(*counter + (*counter < UINT8_MAX));
}

FILE *complaints(void)
{
  return errors;
}

void require(bool holds, const char *what)
{
  if (!holds) {
    fprintf(errors, "fuzz: does not hold: %s\n", what);
    fflush(errors);
    abort();
  }
}

char *text_of(const struct input *in)
{
  char *text = malloc(in->len + 1);
  require(text != NULL, "memory");
  if (in->len > 0) {
    memcpy(text, in->bytes, in->len);
  }
  text[in->len] = '\0';
  return text;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc;
  const char *slash = strrchr((*argv)[0], '/');
  const char *name = slash ? slash + 1 : (*argv)[0];
  size_t len = strcspn(name, "-");
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    if (strncmp(targets[i].name, name, len) == 0 && targets[i].name[len] == '\0') {
      target = targets[i].run;
    }
  }
  /* Of stderr as it is now: -close_fd_mask takes it away from the program. */
  errors = fdopen(dup(STDERR_FILENO), "w");
  sink = fopen("/dev/null", "w");
  if (!target || !errors || !sink) {
    fprintf(stderr, "fuzz: no target %s, or the host refuses\n", name);
    exit(3);
  }
  wrong = strcmp(name + len, "-wrong") == 0;
  coarse = strcmp(name + len, "-coarse") == 0;
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
  return target == fuzz_guest && seed % 4 != 0 ? mutate_guest(data, len, max, seed)
                                               : LLVMFuzzerMutate(data, len, max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  struct input in = {.bytes = data, .len = len, .wrong = wrong, .sink = sink};
  target(&in);
  return 0;
}

/* Nothing of ours: three comparisons that must be met one after the other, and
 * then what only UBSan sees. It shows that coverage guides the search and that a
 * sanitizer's word is a crash. */
void fuzz_planted(const struct input *in)
{
  if (in->len > 3 && in->bytes[0] == 'B' && in->bytes[1] == 'U' && in->bytes[2] == 'G') {
    require(!in->wrong, "no BUG");
    int shift = 29 + in->bytes[3] / 16;
    fprintf(in->sink, "%d", 1 << shift);
  }
}
