/* `trapeze verify FILE.dir`: is each user's virtual machine, among all the others, what a
 * bare machine of its own would be? All run together; each has a bare twin of the same
 * storage, disk and input, which follows it by its own clock.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_VERIFY_H
#define TRAPEZE_TOOLS_SYSTEM_VERIFY_H

#include "tools/common/setup.h"
#include "tools/system/command.h"

struct system_verify_request {
  const struct setup *setup; /* the options of a run */
  const struct system_options *options;
  const char *profile; /* given on the command line, or NULL */
  const char *path;
  const char *user;         /* compare only this one; NULL: all */
  uint64_t ticks, interval; /* of the real machine: in all, and from one comparison to the next */
  bool json;
};
/* Returns an exit status, after the report or messages. */
int system_verify(const struct system_verify_request *request);

#endif
