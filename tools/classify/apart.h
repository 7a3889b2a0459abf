/* The solver in a process of its own. Z3 does not survive a host without memory:
 * it dereferences what malloc refused, or throws through C. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_APART_H
#define TRAPEZE_TOOLS_CLASSIFY_APART_H

/* Returns twice, like fork: in a child that has done the work, with its status, and,
 * when that child has ended, in this process with the child's exit status. A signal
 * that somebody sent to the child is passed on (STATUS_SIGNAL); a death of its own is
 * told in one message (STATUS_OURS). Before the call there must be no other thread. */
int apart(const char *command, int (*work)(void *ctx), void *ctx);

#endif
