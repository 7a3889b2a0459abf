/* What `run` and `vmm` have in common around a session: its options, where the
 * keys come from, the record of them.
 */
#ifndef TRAPEZE_TOOLS_COMMON_RUNNER_H
#define TRAPEZE_TOOLS_COMMON_RUNNER_H

#include "tools/common/file.h"
#include "tools/common/options.h"
#include "tools/common/session.h"
#include "tools/common/setup.h"

struct runner {
  struct setup setup;
  const char *record;
  bool stats;
};

extern const struct option_spec runner_options[];

/* Without a console option standard input is the console: a terminal live, a
 * file or a pipe as --input=- would read it. Call before setup_load(). */
void runner_choose_console(struct runner *r);
/* Runs the machine, records, reports. Returns an exit status. */
int runner_run(struct runner *r, struct machine *m);

#endif
