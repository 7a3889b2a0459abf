/* A line that a guest writes, as a terminal would show it. Nothing in it can move the
 * cursor out of the line or make the terminal do anything else: one guest must not
 * paint over what another has written, or over its own prefix.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_LINE_H
#define TRAPEZE_TOOLS_SYSTEM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer ones are broken. */
#define LINE_MAX_BYTES 4000u

/* Zeroed is empty. */
struct line {
  char *text; /* printable ASCII, blanks, and UTF-8; not terminated */
  size_t len, room;
  size_t cursor; /* in bytes: backspaces go back, and what comes then writes over */
  unsigned rest; /* of a UTF-8 character: bytes to come */
  bool lost;     /* there was no memory for a byte */
  bool c1;       /* … and its first byte leaves it open whether it is a control */
};

/* True: the line is complete, by a newline or since there is no room for more (`again`:
 * the byte belongs to the next line). */
bool line_put(struct line *l, uint8_t byte, bool *again);
/* Bytes to show: what was rubbed out, blanks at and behind the cursor, is gone. */
size_t line_visible(const struct line *l);
/* What is visible of it. False: out of memory; `to` is empty. */
bool line_copy(struct line *to, const struct line *from);
void line_clear(struct line *l);
void line_free(struct line *l);

#endif
