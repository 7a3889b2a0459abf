/* What the theory says of a profile, by our classifier (classify/classify.h), for checks that
 * compare it with what a student says or has ordered. Nothing is looked up.
 */
#ifndef TRAPEZE_TOOLS_GRADE_THEORY_H
#define TRAPEZE_TOOLS_GRADE_THEORY_H

#include "classify/classify.h"
#include "tools/grade/check.h"

/* One instruction. False: the host failed, after a message. */
bool theory_ask(const struct profile *p, enum model model, enum isa_insn insn,
                struct classify_insn *answer);

/* The instructions that stand in a theorem's way. False: as above. */
struct theory_offenders {
  bool is[ISA_INSN_COUNT];
  unsigned count;
};
bool theory_offends(const struct profile *p, enum model model, enum classify_theorem theorem,
                    struct theory_offenders *found);

/* "theorem 1" is number 1. False: there is none of that number. */
bool theory_theorem(unsigned number, enum classify_theorem *theorem);

/* "popf sti", in definition order; "none". Returns buf. */
#define THEORY_NAMES_SIZE 400u
char *theory_names(const struct theory_offenders *o, char buf[THEORY_NAMES_SIZE]);

/* The profile that a lab's test names: shipped, or a file of the lab's. NULL after a message. */
struct profile *theory_profile(const struct check_run *run, const char *name);
/* A profile that was handed in. NULL: *o is the outcome. */
struct profile *theory_submitted(const struct check_run *run, const char *name,
                                 struct check_outcome *o);

#endif
