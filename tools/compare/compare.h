/* One guest under every technique on every profile: what the theory says of each cell, and
 * what its run was. docs/techniques.md tells what the techniques are.
 */
#ifndef TRAPEZE_TOOLS_COMPARE_COMPARE_H
#define TRAPEZE_TOOLS_COMPARE_COMPARE_H

#include "classify/classify.h"
#include "tools/common/setup.h"
#include "tools/compare/output.h"
#include "vmm/vmm.h"

#define COMPARE_DEFAULT_TICKS    20000000u
#define COMPARE_DEFAULT_INTERVAL 10000u
/* Up to here every tick is compared: differences come and go. */
#define COMPARE_DENSE_TICKS 100000u

/* What promises that a technique is right. */
enum compare_premise {
  COMPARE_NO_PREMISE, /* nothing is predicted */
  COMPARE_THEOREM_1,
  COMPARE_THEOREM_3,
  COMPARE_ALWAYS,
  COMPARE_NO_OFFENDER, /* in its code: of Theorem 1's list */
};
enum compare_premise compare_premise(enum vmm_technique technique);
/* "Theorem 1", "Theorem 3", "always", "no offender", "-". */
const char *compare_premise_name(enum compare_premise premise);

/* What the classifier says of a profile. */
struct compare_theory {
  bool holds;                   /* nothing stands in the theorem's way, … */
  bool open;                    /* … as far as states were sampled */
  bool offends[ISA_INSN_COUNT]; /* these do */
};

/* Refused: on no machine for such a guest can the technique be. Differs: what it printed, or
 * left on its disk, is another. No build: the guest has none for the technique. Unended: the
 * bare machine had not come to an end, so there is no whole output. */
enum compare_run {
  COMPARE_EQUAL,
  COMPARE_PARTS,
  COMPARE_HOST,
  COMPARE_REFUSED,
  COMPARE_DIFFERS,
  COMPARE_NO_BUILD,
  COMPARE_UNENDED,
};

/* What became of the prediction. */
enum compare_verdict {
  COMPARE_AGREES,        /* right where it was promised, or parted at an offender */
  COMPARE_NOT_EXERCISED, /* no promise, and yet right: no offender was met where it matters */
  COMPARE_CONTRADICTS,
  COMPARE_UNPREDICTED,
};

struct compare_cell {
  enum vmm_technique technique;
  enum compare_run run;
  enum compare_verdict verdict;
  char reason[200]; /* COMPARE_HOST, COMPARE_REFUSED; of paravirt what was compared */
  uint64_t tick;    /* up to which the states were the same */
  enum machine_why end;
  /* COMPARE_PARTS: the instruction at which they do. */
  uint32_t pc;
  bool has_insn;
  enum isa_insn insn;
  unsigned mode;         /* of the guest */
  const char *behaviour; /* outside mode 0; of the profile */
  const char *models;    /* the real instruction, or NULL */
  char place[80];        /* of pc, by name */
  /* Of paravirt, which is not compared by states; tick and end are the bare machine's. */
  struct output_verdict output;
  uint64_t own_ticks;   /* of its own clock, to its own end */
  bool out_of_control;  /* resource control was violated */
  uint64_t seen;        /* instructions of the guest's up to there, of which … */
  struct vmm_stats vmm; /* … so many directly, emulated, interpreted */
  uint64_t traps;       /* of the real machine, of which … */
  uint64_t hypercalls;  /* … so many were hcall */
  uint64_t delivered;   /* to the guest, by the VMM */
  uint64_t work;        /* the VMM's, in ticks by vmm_default_costs */
  uint64_t host[2];     /* nanoseconds of the host's processor: the bare machine's run, the VM's */
};

struct compare_row {
  struct setup setup; /* its profile is the row's; all else is shared */
  struct compare_theory theory[CLASSIFY_THEOREMS];
  struct compare_theory code; /* Theorem 1's offenders that the paravirtual build has in it */
  struct compare_cell cell[VMM_TECHNIQUES]; /* the matrix's columns */
};

struct compare_matrix {
  const char *guest;
  struct setup *setup; /* loaded but for the profile; borrowed */
  uint64_t interval;   /* ticks between two comparisons after the first COMPARE_DENSE_TICKS */
  bool timed;
  enum vmm_technique technique[VMM_TECHNIQUES];
  unsigned techniques;
  const char *sibling;                   /* the guest's paravirtual build; NULL: it has none */
  const struct program *sibling_program; /* loaded; borrowed */
  struct compare_row *row;
  unsigned rows;
  unsigned jobs;
  /* Called when so many cells are done, by one thread at a time; NULL: no. */
  void (*progress)(void *ctx, unsigned done, unsigned of);
  void *progress_ctx;
};

/* Fills in every cell, rows in parallel. Returns an exit status, after a message if the
 * host failed. */
int compare_run(struct compare_matrix *m);
/* cell.c: one cell, but for its verdict. */
void compare_run_cell(const struct compare_matrix *m, struct compare_row *row,
                      struct compare_cell *cell);
/* paravirt.c: the same of the guest's paravirtual build, and row->code. */
void compare_run_sibling(const struct compare_matrix *m, struct compare_row *row,
                         struct compare_cell *cell);
/* False: the technique is not for this machine, or not for this guest; it counts nothing. */
bool compare_has_run(const struct compare_cell *cell);
/* Guest instructions in the translation cache, or words replaced in copies of its pages. */
uint64_t compare_translated(const struct compare_cell *cell);

/* What became of the prediction, once the cell has run. */
enum compare_verdict compare_judge(const struct compare_row *row, const struct compare_cell *cell);
/* STATUS_DONE or STATUS_NO: no run contradicts the theory, or one does. */
int compare_status(const struct compare_matrix *m);

/* Offenders of the theorem that a cell's technique rests on; SIZE bytes. Returns buf. */
#define COMPARE_OFFENDERS_SIZE 200
char *compare_offenders(const struct compare_row *row, const struct compare_cell *cell,
                        char buf[COMPARE_OFFENDERS_SIZE]);
/* "54.3k": at most five characters. Returns buf. */
#define COMPARE_BRIEF_SIZE 24
char *compare_brief(char buf[COMPARE_BRIEF_SIZE], uint64_t n);
/* Whether a cell's theorem holds: "holds", "FAILS", "always", "-". */
const char *compare_promise(const struct compare_row *row, const struct compare_cell *cell);
/* "equal", "popf @58,504", "same output". Returns buf. */
#define COMPARE_RUN_SIZE 48
char *compare_outcome(const struct compare_cell *cell, char buf[COMPARE_RUN_SIZE]);
/* One sentence on how a cell parted, on what it did not exercise, or on what else was compared
 * than states; empty if there is none. */
#define COMPARE_REMARK_SIZE 512
char *compare_remark(const struct compare_row *row, const struct compare_cell *cell,
                     char buf[COMPARE_REMARK_SIZE]);
/* Sentences on the guest and on what was done with it: storage, disk, input, how compared. */
#define COMPARE_STORY_SIZE 400
char *compare_story(const struct compare_matrix *m, char buf[COMPARE_STORY_SIZE]);

/* The forms. */
void compare_text(const struct compare_matrix *m, FILE *out);
void compare_markdown(const struct compare_matrix *m, FILE *out);
void compare_html(const struct compare_matrix *m, FILE *out);
void compare_dot(const struct compare_matrix *m, FILE *out);
/* Schema trapeze-compare/1. */
struct json_t;
struct json_t *compare_json(const struct compare_matrix *m);

#endif
