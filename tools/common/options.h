/* Command lines, after GNU's conventions: one table gives the parser, the help
 * text and the "did you mean".
 */
#ifndef TRAPEZE_TOOLS_COMMON_OPTIONS_H
#define TRAPEZE_TOOLS_COMMON_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#include "tools/command.h"

/* Takes an option's value (NULL if it has none). Returns STATUS_DONE, or another
 * status after a message. ctx is the group's. */
typedef int option_apply(void *ctx, const char *value);

/* Defines what most options do: a member of the context is set, to the value or to true. */
#define OPTION_TEXT(apply, context, member)                                                        \
  static int apply(void *ctx, const char *value)                                                   \
  {                                                                                                \
    ((context *)ctx)->member = value;                                                              \
    return STATUS_DONE;                                                                            \
  }
#define OPTION_FLAG(apply, context, member)                                                        \
  static int apply(void *ctx, const char *value)                                                   \
  {                                                                                                \
    (void)value;                                                                                   \
    ((context *)ctx)->member = true;                                                               \
    return STATUS_DONE;                                                                            \
  }

struct option_spec {
  const char *name;    /* long name; NULL ends a table */
  char letter;         /* or 0 */
  const char *metavar; /* "FILE"; NULL: takes no value */
  const char *help;
  option_apply *apply;
};

/* Options that one object receives; several commands may share a table. */
struct option_group {
  const char *title; /* NULL ends the groups */
  const struct option_spec *options;
  void *ctx;
};

struct command_usage {
  const char *command;  /* "run" */
  const char *synopsis; /* "[OPTION]... PROGRAM" */
  const char
      *about; /* paragraphs, parted by \n\n; a line that starts with a space stays as it is */
  const char *notes;              /* the same, after the options; or NULL */
  int min_operands, max_operands; /* max < 0: any number */
  const char *operand;            /* what is missing when there are too few: "a program" */
};

#define OPTIONS_GO_ON (-1)
/* Parses everything; --help prints to stdout. Returns OPTIONS_GO_ON with
 * *operands pointing to the rest of argv, or the exit status. */
int options_parse(const struct command_usage *usage, const struct option_group *groups, int argc,
                  char **argv, char ***operands, int *operand_count);

/* The value must be one of the names (ended by NULL); what: "format". Returns an exit
 * status, after a message. */
int options_choose(const char *command, const char *what, const char *const *names,
                   const char *value, unsigned *chosen);

/* Numbers as options take them: decimal or 0x…, all of `text`. A count may end
 * in k, M or G (thousands), a size in K, M or G (KiB, …). False: not one. */
bool options_count(const char *text, uint64_t *value);
bool options_size(const char *text, uint64_t *value);

#endif
