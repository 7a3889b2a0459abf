/* What a front end writes down for its owner whenever it changes, so that the owner, who
 * wants to know it at every boundary, need not ask.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_NOTE_H
#define TRAPEZE_MACHINE_DEVICES_NOTE_H

#include <stdint.h>

struct device_note {
  uint64_t next_event;    /* as its …_next_event() would answer, … */
  const char *host_error; /* … and its …_host_error() */
};

#endif
