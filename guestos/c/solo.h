/* solo, for C programs that it runs. docs/c.md. */
#ifndef SOLO_H
#define SOLO_H

/* Ticks since reset. */
unsigned solo_ticks(void);
/* Opens a file: its size, or -1. Then its next bytes: how many, 0 at its end. */
int solo_open(const char *name);
int solo_get(void *to, unsigned n);

#endif
