/* minos, for C programs that are its processes. docs/c.md. */
#ifndef MINOS_H
#define MINOS_H

/* Lets others run; its number; ticks since reset. */
int minos_yield(void);
int minos_getpid(void);
unsigned minos_ticks(void);
/* Starts a program by its name, as the shell does: its number, -1 if there is none. */
int minos_spawn(const char *name);
/* A sector, 512 bytes, to or from memory, which must be aligned to 4: 0, or the disk's
 * error. Waits; the others have the processor meanwhile. */
int minos_disk_read(unsigned sector, void *to);
int minos_disk_write(unsigned sector, const void *from);

#endif
