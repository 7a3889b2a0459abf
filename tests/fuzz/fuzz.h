/* What the fuzz targets share: each is a function that is given bytes and answers
 * for what the program makes of them.
 */
#ifndef TRAPEZE_TESTS_FUZZ_FUZZ_H
#define TRAPEZE_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An input. `wrong` makes the target's oracle wrong on purpose: the program then
 * is sound and what the target demands of it is not, so it must complain. */
struct input {
  const uint8_t *bytes;
  size_t len;
  bool wrong;
  FILE *sink; /* for output that is not looked at */
};

typedef void fuzz_target(const struct input *in);
fuzz_target fuzz_asm, fuzz_disasm, fuzz_profile, fuzz_image, fuzz_inputlog, fuzz_definition,
    fuzz_directory, fuzz_trace, fuzz_console, fuzz_guest, fuzz_planted;

/* Changes `len` bytes of `data` in place, of `max` that there are, and answers how
 * many there are now. */
size_t mutate_guest(uint8_t *data, size_t len, size_t max, unsigned seed);

/* Ends the process, as a crash that libFuzzer keeps, unless it holds. */
void require(bool holds, const char *what);
/* More to say before a require() that fails; stderr belongs to the program. */
FILE *complaints(void);

/* A copy with a zero behind it, malloc'd. */
char *text_of(const struct input *in);

/* Tells libFuzzer that this run has been in state `n`, of 4,096 that a target
 * tells apart besides what the program's own branches show. Of 256 where inputs are
 * chosen to be kept. */
void reached(uint32_t n);

#endif
