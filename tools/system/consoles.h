/* The consoles of a system's users on one terminal, line by line, each with its user's
 * prefix; and their logs.
 *
 * A line appears when it is complete, so that lines never mix. The user who has the
 * keyboard sees its line grow: it stands at the bottom of the terminal, and makes room
 * for others' lines.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_CONSOLES_H
#define TRAPEZE_TOOLS_SYSTEM_CONSOLES_H

#include <stdio.h>

#include "machine/machine.h"
#include "tools/directory/directory.h"

#define CONSOLES_NOBODY SIZE_MAX

struct consoles_config {
  const char *command; /* for messages */
  FILE *out;           /* NULL: nothing is shown */
  bool live;           /* a terminal, on which growing lines can be shown */
  bool color;
  int columns; /* of a live one */
};

struct consoles;

/* NULL: out of memory. */
struct consoles *consoles_create(const struct directory *d, const struct consoles_config *config);
void consoles_destroy(struct consoles *c); /* NULL is fine */

/* Opens the logs, or creates them; what they hold stays until consoles_begin_logs(). Returns
 * an exit status, after a message; then none of those created is left. */
int consoles_open_logs(struct consoles *c);
void consoles_begin_logs(struct consoles *c); /* they are empty */
/* Nothing was run: those that were not there are not there. */
void consoles_drop_logs(struct consoles *c);
/* Once they are complete. Returns an exit status, after messages. */
int consoles_close_logs(struct consoles *c);

/* What this machine writes is user `i`'s, until it goes or listens to another. */
void consoles_listen(struct consoles *c, size_t i, struct machine *vm);
void consoles_write(struct consoles *c, size_t i, uint8_t byte);

/* Whose line is shown growing, and whose console is shown even if it is private:
 * CONSOLES_NOBODY at first. `history`: what that one has written so far; of a private
 * console its last lines are shown then. */
void consoles_focus(struct consoles *c, size_t i, const uint8_t *history, size_t len);

/* There was no memory for a part of what was written. */
bool consoles_lost(const struct consoles *c);

/* Shows what is to be seen by now. False: the stream took no more. */
bool consoles_flush(struct consoles *c);
/* Takes the growing line from the terminal, so that somebody else can write there. */
void consoles_step_aside(struct consoles *c);
/* Nothing more comes: shows lines that were not ended. False as above. */
bool consoles_finish(struct consoles *c);

/* "alice: ", or what the directory says. */
const char *consoles_prefix(const struct consoles *c, size_t i);

#endif
