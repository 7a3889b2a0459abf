/* One test of a lab: what is done with a submission to find out whether it passes.
 */
#ifndef TRAPEZE_TOOLS_GRADE_CHECK_H
#define TRAPEZE_TOOLS_GRADE_CHECK_H

#include "tools/grade/workshop.h"

/* What the watch over a submission's process rests on. A test that one of ours passes in a
 * hundredth of these is as fair as it can be on a machine that is busy with others. */
struct check_limits {
  unsigned cpu_seconds; /* of the module's process */
  int stall_ms;         /* that it may take for a message */
};
extern const struct check_limits check_limits_usual;

struct check_run {
  const struct lab *lab;
  const struct lab_test *test;
  const struct workshop *workshop;
  struct check_limits limits;
  uint64_t seed;
  bool exact; /* no answer of the submission's is foretold: remote.h */
};

enum check_verdict {
  CHECK_PASSED,
  CHECK_FAILED,
  CHECK_STOPPED, /* failed: out of processor time, or it stood still. Worth trying again, alone */
  CHECK_LAB,     /* the lab is wrong; said already */
  CHECK_HOST,    /* the host failed; said already */
  CHECK_AGAIN,   /* of a check: to be run once more, and `exact` */
};

struct check_outcome {
  enum check_verdict verdict;
  char *text;    /* for the student, malloc'd, lines; why it failed. NULL: nothing to say */
  char *printed; /* what the submission printed, malloc'd; NULL: nothing */
  double cpu;    /* seconds of its process */
};
void check_outcome_free(struct check_outcome *o);

/* The same run, seed and submission: the same outcome, but for cpu, and for the times of
 * CHECK_STOPPED. */
struct check_outcome check_run(const struct check_run *run);

/* The kinds of checks, by the name of a test's "check". */
typedef struct check_outcome check_fn(const struct check_run *run);
check_fn check_equivalent; /* modules: the VM does what the bare machine does */
check_fn check_model;      /* modules: answers are those of our module, call by call */
check_fn check_shares;     /* modules: VMs side by side get their shares of the processor */
check_fn check_output;     /* guests: what they print, and how they end */
check_fn check_escape;     /* guests: they break out where the VMM has a hole, and only there */
check_fn check_catches;    /* guests: a test that tells the VMM with a hole from sound ones */
check_fn check_call;       /* guests: a function of theirs, called with arguments */
check_fn check_witness;    /* guests: bare and virtual they part at the instruction named */
check_fn check_same;       /* guests: in a VM they do what another does on a bare machine */
check_fn check_predict;    /* texts: what instructions are, and which theorems hold */
check_fn check_profile;    /* texts: a profile that is as it was ordered */
check_fn check_diagnosis;  /* texts: where a guest's runs part, and why */
check_fn check_patch;      /* modules: which words of a page are replaced, by what */
check_fn check_patched;    /* modules: a guest whose code was patched does what it did */

/* A sentence about the lab's file, which is at fault; the outcome that says so. */
struct check_outcome check_lab_is_wrong(const struct check_run *run, const char *expected);

/* Numbers drawn from a seed, the same everywhere: xorshift64*. */
uint64_t check_draw_from(uint64_t seed);
uint64_t check_draw(uint64_t *random);

/* A submitted text, malloc'd, zero-terminated. NULL: *o is the outcome. */
char *check_text(const struct check_run *run, const char *name, size_t *len,
                 struct check_outcome *o);
/* A file of the lab's as the student knows it: of "assign/x", "assignment/x". */
#define CHECK_KNOWN_SIZE 128u
char *check_known(const char *name, char buf[CHECK_KNOWN_SIZE]);
/* "expected  …\nactual    …\n" of one that fails; `look` NULL: no such line. */
struct check_outcome check_differs(const char *look, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "It was …" for the text of an outcome; malloc'd or NULL. */
struct check_outcome check_fail(enum check_verdict verdict, char *text);

#endif
