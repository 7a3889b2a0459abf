#include "tools/classify/smtlib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"

static const char *const asks[QUESTION_COUNT] = {
    [QUESTION_UNPRIVILEGED] = "a pair of states, in mode 0 and the least privileged mode, in which "
                              "it does other than trap in the latter alone",
    [QUESTION_CONTROL] = "a state in which it changes a resource",
    [QUESTION_LOCATION] = "two states that differ in the relocation, with different results",
    [QUESTION_MODE] = "two states that differ in the mode, with different results",
    [QUESTION_RESOURCE] = "two states that differ in the resources, with different results",
    [QUESTION_USER_CONTROL] = "a state in the least privileged mode in which it changes a resource",
    [QUESTION_USER_RESOURCE] = "two states in the least privileged mode that differ in the "
                               "resources, with different results",
};

static void file_name(enum isa_insn insn, enum question q, char *buf, size_t size)
{
  snprintf(buf, size, "%s-%s.smt2", isa_insn_info(insn)->mnemonic, question_name(q));
  for (char *c = buf; *c; c++) {
    *c = (char)(*c == ' ' ? '-' : *c);
  }
}

static int write_query(struct solver *s, const struct classification *c, enum isa_insn insn,
                       enum question q, const char *dir, FILE *index)
{
  char name[80], *path = NULL;
  struct file_out f = {0};
  file_name(insn, q, name, sizeof name);
  if (asprintf(&path, "%s/%s", dir, name) < 0) {
    message_error("classify", "out of memory");
    return STATUS_OURS;
  }
  int status = file_out_open(&f, "classify", path);
  if (status == STATUS_DONE) {
    solver_print(s, insn, classification_model(c), q, f.stream);
    status = file_out_commit(&f);
    fprintf(index, "%s\t%s\t%s: %s\n", name,
            classification_insn(c, insn)->answer[q].yes ? "sat" : "unsat",
            isa_insn_info(insn)->mnemonic, asks[q]);
  }
  file_out_abandon(&f);
  free(path);
  return status;
}

static int write_all(struct solver *s, const struct classification *c, const char *dir, FILE *index)
{
  int status = STATUS_DONE;
  fprintf(index,
          "# Is there such a state? %s, %s model. One query a file: satisfiable means yes.\n"
          "# file\texpected\tasks for\n",
          profile_name(classification_profile(c)), model_name(classification_model(c)));
  for (unsigned n = 0; n < ISA_INSN_COUNT && status == STATUS_DONE; n++) {
    for (unsigned q = 0; q < QUESTION_COUNT && status == STATUS_DONE; q++) {
      if (classification_insn(c, (enum isa_insn)n)->present) {
        status = write_query(s, c, (enum isa_insn)n, (enum question)q, dir, index);
      }
    }
  }
  return status;
}

int smtlib_write(const struct classification *c, const char *dir)
{
  if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
    message_error("classify", "cannot create the folder '%s': %s", dir, strerror(errno));
    return STATUS_USAGE;
  }
  const char *reason = "out of memory";
  char *path = NULL;
  struct file_out index = {0};
  struct solver *s = solver_create(classification_profile(c), &reason);
  int status = STATUS_OURS;
  if (!s || asprintf(&path, "%s/INDEX", dir) < 0) {
    message_error("classify", "%s", reason);
  } else {
    status = file_out_open(&index, "classify", path);
  }
  if (status == STATUS_DONE) {
    status = write_all(s, c, dir, index.stream);
  }
  if (status == STATUS_DONE) {
    status = file_out_commit(&index);
  }
  file_out_abandon(&index);
  free(path);
  solver_destroy(s);
  return status;
}
