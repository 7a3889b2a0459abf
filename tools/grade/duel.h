/* A guest on a bare machine and in a virtual one, as `trapeze verify` runs them, for checks
 * that ask where they part. No module of the VMM is a student's.
 */
#ifndef TRAPEZE_TOOLS_GRADE_DUEL_H
#define TRAPEZE_TOOLS_GRADE_DUEL_H

#include "tools/common/setup.h"
#include "tools/grade/check.h"
#include "tools/verify/report.h"

/* Compared tick by tick, up to setup->ticks. False: the host failed, after a message. */
bool duel_run(struct setup *setup, struct verify_result *result);

/* Where they part first: "tick 1,234, at unlock+0x8: executed popf …"; "nowhere". malloc'd. */
char *duel_parting(struct setup *setup, const struct verify_result *result);

/* What both print when each runs by itself, at most setup->ticks: malloc'd, zero-terminated,
 * what is no text replaced. False: as above. */
struct duel_output {
  char *text[2];
  size_t len[2];
  enum machine_why end[2];
};
bool duel_outputs(struct setup *setup, struct duel_output *o);
void duel_outputs_free(struct duel_output *o);

#endif
