#include "tools/classify/smtlib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/memory.h"
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

/* All of a file at once: the process does not live on if the solver dies of a host
 * without memory, and then no half of a file must be left. */
static int write_file(const char *dir, const char *name, const char *text, size_t len)
{
  char *path = NULL;
  struct file_out f = {0};
  if (asprintf(&path, "%s/%s", dir, name) < 0) {
    message_error("classify", "out of memory");
    return STATUS_OURS;
  }
  int status = file_out_open(&f, "classify", path);
  if (status == STATUS_DONE) {
    fwrite(text, 1, len, f.stream);
    status = file_out_commit(&f);
  }
  file_out_abandon(&f);
  free(path);
  return status;
}

/* Ends it; writes it as a file if all is well so far. Returns an exit status. */
static int finish(struct memory *t, int status, const char *dir, const char *name)
{
  bool whole = memory_close(t);
  if (status == STATUS_DONE && !whole) {
    message_error("classify", "out of memory");
    status = STATUS_OURS;
  }
  if (status == STATUS_DONE) {
    status = write_file(dir, name, t->text, t->len);
  }
  free(t->text);
  return status;
}

static int write_query(struct solver *s, const struct classification *c, enum isa_insn insn,
                       enum question q, const char *dir, FILE *index)
{
  char name[80];
  struct memory query;
  file_name(insn, q, name, sizeof name);
  if (memory_open(&query)) {
    solver_print(s, insn, classification_model(c), q, query.stream);
  }
  fprintf(index, "%s\t%s\t%s: %s\n", name,
          classification_insn(c, insn)->answer[q].yes ? "sat" : "unsat",
          isa_insn_info(insn)->mnemonic, asks[q]);
  return finish(&query, STATUS_DONE, dir, name);
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
  struct solver *s = solver_create(classification_profile(c), &reason);
  if (!s) {
    message_error("classify", "%s", reason);
    return STATUS_OURS;
  }
  struct memory index;
  int status = memory_open(&index) ? write_all(s, c, dir, index.stream) : STATUS_DONE;
  status = finish(&index, status, dir, "INDEX");
  solver_destroy(s);
  return status;
}
