/* A host that fails on demand, for unit tests named *_host: the Makefile links
 * them so that the calls below, where our objects make them, come here first.
 * tests/faults does the same to whole commands; here each function's contract is
 * held to what its header says of a host that refuses.
 */
#ifndef TRAPEZE_TESTS_COMMON_HOST_H
#define TRAPEZE_TESTS_COMMON_HOST_H

#include <stdbool.h>

enum host_call {
  HOST_MEMORY, /* malloc, calloc, realloc, reallocarray, mmap */
  HOST_FSTAT,
  HOST_FLOCK,
  HOST_PREAD,
  HOST_PWRITE,
  HOST_FREAD,
  HOST_MEMFD,
  HOST_LSEEK,
  HOST_ELF, /* what libelf is asked to make and write */
};

/* The nth call from now on fails with errno `error`, that one only. With 0, a
 * pread or pwrite does half of its work, and an fread finds the end of the file. */
void host_fail(enum host_call call, unsigned long nth, int error);
/* Nothing fails any more. Whether something did. */
bool host_heal(void);

#endif
