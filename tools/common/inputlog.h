/* Console input as the machine knows it: a log of (tick, byte). Same log, same run.
 *
 * As a file, one byte a line: its tick and its value, as numbers; '#' begins a
 * comment. `run --record` writes it, `run --input-log` reads it.
 */
#ifndef TRAPEZE_TOOLS_COMMON_INPUTLOG_H
#define TRAPEZE_TOOLS_COMMON_INPUTLOG_H

#include <stdio.h>

#include "machine/machine.h"

struct inputlog_entry {
  uint64_t tick;
  uint8_t byte;
};

/* Zeroed is empty. */
struct inputlog {
  struct inputlog_entry *entries; /* ticks never decrease */
  size_t count, capacity;
};

void inputlog_destroy(struct inputlog *log);
/* Ticks before the last entry's become the last entry's. False: out of memory. */
bool inputlog_add(struct inputlog *log, uint64_t tick, uint8_t byte);
/* Bytes typed at a steady rate: the first at tick `rate`, then one every `rate`. */
bool inputlog_type(struct inputlog *log, const uint8_t *bytes, size_t len, uint64_t rate);
/* Parses a log file. Returns an exit status, after a message with file and line. */
int inputlog_parse(struct inputlog *log, const char *file, const char *text);
void inputlog_write(const struct inputlog *log, FILE *out);
/* Gives it all to the machine's console. */
void inputlog_feed(const struct inputlog *log, struct machine *m);

#endif
