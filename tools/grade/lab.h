/* A lab as the grader reads it: labs/NN-name/lab.json, and a file of hidden tests of the same
 * form. docs/grading.md describes the files.
 */
#ifndef TRAPEZE_TOOLS_GRADE_LAB_H
#define TRAPEZE_TOOLS_GRADE_LAB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_MAX_FILES 4u

/* How much of a hidden test a student is shown. */
enum lab_reveal { LAB_REVEAL_NAME, LAB_REVEAL_CATEGORY, LAB_REVEAL_FULL };

struct lab_file {
  const char *name; /* as the student hands it in: "emulate.c" */
  const char *from; /* C: the module of ours that it replaces, "vmm/emulate.c"; else NULL */
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
  bool modules; /* C modules of the VMM, else guest programs */
  struct lab_test *tests;
  size_t test_count;
  unsigned points; /* of all tests */

  json_t *root, *hidden_root;
  char *hidden_folder;
};

/* `where`: a folder, or a number ("4", "04") or name ("trap-and-emulate") of one below `labs`.
 * hidden: a folder with hidden.json; NULL: the lab's own `hidden`, if it has one; "" or
 * "none": no hidden tests. Returns an exit status, after a message with file:line:col. */
int lab_load(struct lab *lab, const char *command, const char *labs, const char *where,
             const char *hidden);
void lab_destroy(struct lab *lab);

/* Members of a test that its check reads. A member of another type than is asked for is the
 * lab's mistake: a message, and false. Absent: *value stays as it is. */
bool lab_string(const struct lab *lab, const struct lab_test *t, const char *key,
                const char **value);
bool lab_count(const struct lab *lab, const struct lab_test *t, const char *key, uint64_t *value);
/* malloc'd path of a file that the test names; NULL: no memory. */
char *lab_path(const struct lab_test *t, const char *name);

#endif
