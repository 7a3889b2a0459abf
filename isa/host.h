/* Whose fault is it that the host refused: the user's, who named a file that is
 * not there or not theirs, or the host's, which has run out of something?
 * Readers of files and of their contents leave the answer in errno.
 */
#ifndef TRAPEZE_ISA_HOST_H
#define TRAPEZE_ISA_HOST_H

#include <errno.h>
#include <stdbool.h>

static inline bool host_at_fault(int error)
{
  return error == EIO || error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC ||
         error == EDQUOT || error == EAGAIN || error == EINTR;
}

#endif
