/* What the command says to its user on stderr: `trapeze run: error: …`. */
#ifndef TRAPEZE_TOOLS_COMMON_MESSAGE_H
#define TRAPEZE_TOOLS_COMMON_MESSAGE_H

#include <stdbool.h>
#include <stdio.h>

/* command: the subcommand speaking, or NULL for `trapeze` itself. */
void message_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Not an error: what became of the run, what the tool chose. */
void message_note(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same as message_error, and where the usage is explained. */
void message_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What was printed did not arrive; exit status 3 goes with it. */
void message_lost_output(void);
void message_unknown_command(const char *name);

/* Colour on this stream: it is a terminal and NO_COLOR is not set. */
bool message_color(FILE *stream);

#endif
