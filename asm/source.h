/* Source text: files, and the stack of frames (files, macro calls, repetitions)
 * that lines come from.
 */
#ifndef TRAPEZE_ASM_SOURCE_H
#define TRAPEZE_ASM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct assembly;
struct macro;

enum origin_kind { ORIGIN_FILE, ORIGIN_MACRO, ORIGIN_REPT };

/* One line as it is assembled. `text` has its block comments blanked and its
 * macro arguments substituted; `shown` is what the user wrote. Neither has a
 * line end. Lines live as long as the assembly. */
struct line {
  const char *text;
  size_t len;
  const char *shown;
  size_t shown_len;
  const char *file;
  unsigned number;
  size_t sequence;       /* in order of assembly */
  struct origin *origin; /* why this line is here */
};

/* Columns [first, last) of a line, from 0. line NULL: no place in particular. */
struct loc {
  const struct line *line;
  size_t first, last;
};

struct origin {
  enum origin_kind kind;
  const char *name;      /* of the macro */
  struct origin *parent; /* NULL for the main file */
  struct loc call;       /* the .include, macro call or .rept */
  size_t call_record;    /* 1 + index in the line table's calls; 0: none yet */
};

/* A body that .macro or .rept recorded. */
struct body {
  const struct line **lines;
  size_t count;
};

struct argument {
  const char *text;
  size_t len;
};

/* Frames. A pushed frame supplies the next lines; false after an error message
 * (too deep, cannot be read). */
bool source_push_file(struct assembly *a, const char *path, const struct loc *call);
bool source_push_macro(struct assembly *a, const struct macro *macro,
                       const struct argument *arguments, const struct loc *call);
bool source_push_rept(struct assembly *a, const struct body *body, uint64_t times,
                      const struct loc *call);
/* The next line, or NULL at the end of the source. */
const struct line *source_next(struct assembly *a);
/* Leaves the innermost macro call (.exitm); false if there is none. */
bool source_exit_macro(struct assembly *a);

/* Reads `path` for the statement at `call` (NULL: the main file): as named from
 * the includer's folder, then from the include directories. *name is the path
 * that was read. NULL after a message. */
const uint8_t *source_read(struct assembly *a, const char *path, const struct loc *call,
                           size_t *len, const char **name);

#endif
