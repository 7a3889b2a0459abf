/* Z3 in a thread, before the thread's first use of it. Inside classify/ only. */
#ifndef TRAPEZE_CLASSIFY_Z3_LATE_H
#define TRAPEZE_CLASSIFY_Z3_LATE_H

/* Loads Z3, if nobody has, and has the loader make what Z3 and the C++ library keep for
 * each thread: where the host has no memory for that the process ends here, with status
 * 127 and a line of the loader's, and not when the process is about to end. */
void z3_begin_thread(void);

#endif
