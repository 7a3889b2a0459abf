/* A lab as the grader reads it: labs/NN-name/lab.json, and a file of hidden tests of the same
 * form. docs/grading.md describes the files.
 */
#ifndef TRAPEZE_TOOLS_GRADE_LAB_H
#define TRAPEZE_TOOLS_GRADE_LAB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_MAX_FILES 24u

/* How much of a hidden test a student is shown. */
enum lab_reveal { LAB_REVEAL_NAME, LAB_REVEAL_CATEGORY, LAB_REVEAL_FULL };

/* What a submitted file is, by its name: "emulate.c", "kernel.s", anything else. */
enum lab_kind { LAB_MODULE, LAB_GUEST, LAB_TEXT };
struct lab_file {
  const char *name; /* as the student hands it in: "emulate.c" */
  const char *from; /* C: the module of ours that it replaces, "vmm/emulate.c"; else NULL */
  enum lab_kind kind;
};

struct lab_test {
  const char *id, *title, *category;
  const char *rule; /* where to read about it; never NULL */
  unsigned points;
  bool hidden;
  const char *folder; /* that its own files are named from */
  const char *check;  /* the kind of check: see check.h */
  json_t *spec;       /* the whole object, for the check */
};

struct lab {
  char *folder;
  unsigned number;
  const char *name, *title;
  enum lab_reveal reveal;
  struct lab_file files[LAB_MAX_FILES];
  unsigned file_count;
  unsigned kinds; /* of its files: bits, 1 << LAB_MODULE … */
  /* Its files have to do with one another: without one of them nothing is graded. Else a
   * file that is missing or does not build costs the tests that need it. */
  bool whole;
  struct lab_test *tests;
  size_t test_count;
  unsigned points; /* of all tests */

  json_t *root, *hidden_root; /* as they are for this student */
  json_t *drawn;              /* what is his own: vary.h */
  char *hidden_folder;
};

/* seed: of what is drawn for a student.
 * `where`: a folder, or a number ("4", "04") or name ("trap-and-emulate") of one below `labs`.
 * hidden: a folder with hidden.json; NULL: the lab's own `hidden`, if it has one; "" or
 * "none": no hidden tests. Returns an exit status, after a message with file:line:col. */
int lab_load(struct lab *lab, const char *command, const char *labs, const char *where,
             const char *hidden, uint64_t seed);
void lab_destroy(struct lab *lab);

/* Members of a test that its check reads. A member of another type than is asked for is the
 * lab's mistake: a message, and false. Absent: *value stays as it is. */
bool lab_string(const struct lab *lab, const struct lab_test *t, const char *key,
                const char **value);
bool lab_count(const struct lab *lab, const struct lab_test *t, const char *key, uint64_t *value);
/* Whether it is the program of a guest, by its name: "kernel.s". */
bool lab_is_source(const char *name);
/* malloc'd path of a file that the test names; NULL: no memory. */
char *lab_path(const struct lab_test *t, const char *name);

#endif
