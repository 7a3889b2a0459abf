/* Guests that do nothing but trap: what a trap leads to in a program without a
 * vector table. The machine runs on for ever then, so somebody has to notice.
 */
#ifndef TRAPEZE_TOOLS_COMMON_STORM_H
#define TRAPEZE_TOOLS_COMMON_STORM_H

#include "machine/image.h"
#include "machine/machine.h"

/* The deliveries since an instruction was completed last. Zeroed is none. */
struct storm {
  uint64_t deliveries;
  uint64_t instructions; /* completed before */
  uint64_t tick;         /* of the first */
  struct trap first, last;
};

/* machine_advance(), which takes notes. */
struct machine_stop storm_advance(struct storm *s, struct machine *m, uint64_t until_tick);

/* The last trap was the handler's own, at its first instruction: it leads to itself
 * for ever, unless an interrupt or a transfer of the disk changes the handler. */
bool storm_rages(const struct storm *s, struct machine *m);

/* Says on standard error that it does, what began it, and what to look after. image:
 * for the names of places. */
void storm_report(const struct storm *s, const char *command, struct machine *m,
                  const struct image *image);

/* "0x00001004 (_start+0x4, novec.s:3)". Returns buf. */
char *storm_place(const struct image *image, uint32_t pc, char *buf, size_t size);

#endif
