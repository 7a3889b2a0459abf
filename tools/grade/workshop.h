/* Where a submission is built: a private folder of the host with a copy of its files, and
 * what the sandbox makes of them. Nothing of the lab is in it.
 */
#ifndef TRAPEZE_TOOLS_GRADE_WORKSHOP_H
#define TRAPEZE_TOOLS_GRADE_WORKSHOP_H

#include "tools/grade/lab.h"
#include "tools/grade/sandbox.h"

#define WORKSHOP_MAX_FILE (1u << 20) /* bytes of a submitted file */

struct workshop {
  const struct lab *lab;
  enum sandbox_rung rung;
  char *root;     /* the private folder */
  char *source;   /* … and in it: what was handed in, */
  char *out;      /* what is built, */
  char *assigned; /* the lab's assign/, as this student got it; */
  char *runtime;  /* and, of the installation: headers, and what modules are linked with */
  char *command;  /* this program */
  char *hide[3];  /* folders that the compiler must not see; ended by NULL */
  char *problem[LAB_MAX_FILES]; /* of a lab that is not whole, by file; NULL: none */
};

/* Copies the lab's files from `submission`, a folder, or the one file of a lab that wants
 * one. False: *reason, malloc'd, says for the student what is missing or wrong; NULL, after
 * a message: the host failed. workshop_close() either way. */
bool workshop_open(struct workshop *w, const struct lab *lab, enum sandbox_rung rung,
                   const char *submission, char **reason);
void workshop_close(struct workshop *w);

/* Builds. False: *reason, malloc'd, is what the compiler or assembler said, cut; NULL,
 * after a message: the host failed. */
bool workshop_build(struct workshop *w, char **reason);

/* Why a file of a lab that is not whole cannot be used; NULL: it can. */
const char *workshop_problem(const struct workshop *w, const char *name);
/* malloc'd path of a submitted file, or of one of the lab's that a test names: "assign/x" is
 * the student's own. NULL: no memory. */
char *workshop_file(const struct workshop *w, const char *name);
char *workshop_lab_file(const struct workshop *w, const struct lab_test *t, const char *name);

/* The program that a submitted guest source became: malloc'd path. NULL: no memory. */
char *workshop_guest(const struct workshop *w, const char *name);
/* Starts the submission's modules. *channel: the judge's end of the socket. False: the host
 * failed, with errno. */
bool workshop_start(const struct workshop *w, unsigned cpu_seconds, struct sandbox_run *run,
                    int *channel);

#endif
