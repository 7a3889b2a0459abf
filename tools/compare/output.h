/* Whether two consoles said the same: of guests that are not the same, so that a state of the one
 * is none of the other, and whose clocks are not the same, either.
 */
#ifndef TRAPEZE_TOOLS_COMPARE_OUTPUT_H
#define TRAPEZE_TOOLS_COMPARE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output_text {
  const uint8_t *bytes;
  size_t len;
};

struct output_verdict {
  bool bytes;      /* the same to the last byte */
  bool lines;      /* the same lines, as below */
  unsigned of_all; /* lines of the first text, … */
  unsigned timely; /* … of which so many tell the time */
  char first[80];  /* a line that only one of them has, or empty */
};

/* Holds `other` to `native`. Lines may come in any order: who was interrupted when, and
 * which program was done first, is the clock's affair. Lines that tell the time are found out
 * and not listed: `later` is what the very machine of `native` says when its keys and its timer
 * come at other ticks, and what differs between the two it does not owe to its program. Of lines
 * that differ in numbers alone there are to be as many; those of which there are not as many
 * in `native` and `later` are left out. With `later` the same as `native` all must be there as
 * they are. False: no memory. */
bool output_compare(struct output_text native, struct output_text later, struct output_text other,
                    struct output_verdict *v);

#endif
