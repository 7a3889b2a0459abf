/* Ctrl-C, and the other signals by which people and systems end a program. A grading leaves
 * neither a folder nor a process behind: the signals wait while it works, it looks whether one
 * waits wherever it waits itself, cleans up, and lets it come.
 */
#ifndef TRAPEZE_TOOLS_GRADE_STOP_H
#define TRAPEZE_TOOLS_GRADE_STOP_H

#include <signal.h>
#include <stdbool.h>

/* From here on they wait; but for those that are ignored. */
void stop_wait(sigset_t *saved);
/* As before. One that waits comes now, and as a rule ends the program. */
void stop_come(const sigset_t *saved);
/* The one that waits; 0: none. */
int stop_waiting(void);
/* Readable while one waits; it is not to be read from. The caller closes it. -1: no
 * descriptor, which poll() ignores. */
int stop_descriptor(void);

#endif
