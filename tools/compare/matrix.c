/* All cells, in threads; and what the theory says of them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/compare/compare.h"

/* --------------------------------------------------------------------- the theory */

static const enum compare_premise premises[VMM_TECHNIQUES] = {
    [VMM_TECHNIQUE_TRAP_AND_EMULATE] = COMPARE_THEOREM_1,
    [VMM_TECHNIQUE_INTERPRET] = COMPARE_ALWAYS,
    [VMM_TECHNIQUE_HYBRID] = COMPARE_THEOREM_3,
    [VMM_TECHNIQUE_PARAVIRT] = COMPARE_NO_OFFENDER,
    [VMM_TECHNIQUE_PATCH] = COMPARE_ALWAYS,
    [VMM_TECHNIQUE_TRANSLATE] = COMPARE_THEOREM_3,
    [VMM_TECHNIQUE_TRANSLATE_ALL] = COMPARE_ALWAYS,
};

enum compare_premise compare_premise(enum vmm_technique technique)
{
  return premises[technique];
}

const char *compare_premise_name(enum compare_premise premise)
{
  static const char *const names[] = {"-", "Theorem 1", "Theorem 3", "always", "no offender"};
  return names[premise];
}

/* NULL: it does not rest on a theorem. */
static const struct compare_theory *theory_of(const struct compare_row *row,
                                              const struct compare_cell *cell)
{
  switch (compare_premise(cell->technique)) {
  case COMPARE_THEOREM_1:
    return &row->theory[CLASSIFY_THEOREM_1];
  case COMPARE_THEOREM_3:
    return &row->theory[CLASSIFY_THEOREM_3];
  case COMPARE_NO_OFFENDER:
    return &row->code;
  default:
    return NULL;
  }
}

const char *compare_promise(const struct compare_row *row, const struct compare_cell *cell)
{
  const struct compare_theory *t = theory_of(row, cell);
  if (cell->run == COMPARE_NO_BUILD)
    return compare_premise_name(COMPARE_NO_PREMISE);
  return t ? !t->holds ? "FAILS"
             : t->open ? "open"
                       : "holds"
           : compare_premise_name(compare_premise(cell->technique));
}

enum compare_verdict compare_judge(const struct compare_row *row, const struct compare_cell *cell)
{
  const struct compare_theory *t = theory_of(row, cell);
  bool equal = cell->run == COMPARE_EQUAL && !cell->out_of_control;
  if (cell->run == COMPARE_REFUSED || cell->run == COMPARE_NO_BUILD || cell->run == COMPARE_UNENDED)
    return COMPARE_UNPREDICTED;
  if (!t)
    return compare_premise(cell->technique) != COMPARE_ALWAYS ? COMPARE_UNPREDICTED
           : equal                                            ? COMPARE_AGREES
                                                              : COMPARE_CONTRADICTS;
  if (t->holds)
    return equal ? COMPARE_AGREES : COMPARE_CONTRADICTS;
  if (equal)
    return COMPARE_NOT_EXERCISED;
  if (cell->run == COMPARE_DIFFERS) /* at whichever: there is no state to tell by */
    return COMPARE_AGREES;
  return cell->has_insn && t->offends[cell->insn] ? COMPARE_AGREES : COMPARE_CONTRADICTS;
}

static void learn(struct compare_theory *t, const struct classification *c,
                  enum classify_theorem theorem)
{
  t->holds = classification_holds(c, theorem);
  t->open = classify_open(classification_how(c, theorem));
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    t->offends[i] = classification_offends(c, theorem, (enum isa_insn)i);
}

/* By the solver, which proves what it says; tests hold the other routes to it. */
static int classify_rows(struct compare_matrix *m)
{
  struct classify_memo *memo = classify_memo_create();
  const struct classify_options options = {.model = MODEL_EXTENDED,
                                           .routes = CLASSIFY_SOLVER,
                                           .seed = 1,
                                           .threads = m->jobs,
                                           .memo = memo};
  const char *reason = "out of memory";
  bool done = memo != NULL;
  for (unsigned i = 0; done && i < m->rows; i++) {
    struct compare_row *row = &m->row[i];
    struct classification *c = classify_profile(row->setup.profile, &options, &reason);
    done = c != NULL;
    for (unsigned t = 0; done && t < CLASSIFY_THEOREMS; t++)
      learn(&row->theory[t], c, (enum classify_theorem)t);
    classification_destroy(c);
  }
  if (!done)
    message_error("compare", "%s", reason);
  classify_memo_destroy(memo);
  return done ? STATUS_DONE : STATUS_OURS;
}

/* ----------------------------------------------------------------------- the runs */

struct pool {
  struct compare_matrix *m;
  pthread_mutex_t lock;
  unsigned next, done;
};

static unsigned cells(const struct compare_matrix *m)
{
  return m->rows * m->techniques;
}

/* Whose cell it is, or NULL: there is no other. */
static struct compare_row *take(struct pool *p, struct compare_cell **cell)
{
  struct compare_matrix *m = p->m;
  struct compare_row *row = NULL;
  pthread_mutex_lock(&p->lock);
  if (p->next < cells(m)) {
    row = &m->row[p->next / m->techniques];
    *cell = &row->cell[p->next % m->techniques];
    p->next++;
  }
  pthread_mutex_unlock(&p->lock);
  return row;
}

static void *work(void *ctx)
{
  struct pool *p = ctx;
  struct compare_row *row;
  struct compare_cell *cell;
  while ((row = take(p, &cell))) {
    compare_run_cell(p->m, row, cell);
    cell->verdict = compare_judge(row, cell);
    pthread_mutex_lock(&p->lock);
    p->done++;
    if (p->m->progress)
      p->m->progress(p->m->progress_ctx, p->done, cells(p->m));
    pthread_mutex_unlock(&p->lock);
  }
  return NULL;
}

#define MAX_JOBS 64u

static void run_cells(struct compare_matrix *m)
{
  struct pool pool = {.m = m, .lock = PTHREAD_MUTEX_INITIALIZER};
  pthread_t thread[MAX_JOBS];
  unsigned started = 0, wanted = m->jobs < MAX_JOBS ? m->jobs : MAX_JOBS;
  while (started + 1 < wanted && pthread_create(&thread[started], NULL, work, &pool) == 0)
    started++;
  work(&pool);
  while (started > 0)
    pthread_join(thread[--started], NULL);
}

int compare_run(struct compare_matrix *m)
{
  int status = classify_rows(m);
  if (status != STATUS_DONE)
    return status;
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++)
      m->row[i].cell[t] = (struct compare_cell){.technique = m->technique[t]};
  run_cells(m);
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++)
      if (m->row[i].cell[t].run == COMPARE_HOST) {
        message_error("compare", "%s, %s: %s", profile_name(m->row[i].setup.profile),
                      vmm_techniques[m->technique[t]].name, m->row[i].cell[t].reason);
        return STATUS_OURS;
      }
  return STATUS_DONE;
}

int compare_status(const struct compare_matrix *m)
{
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++)
      if (m->row[i].cell[t].verdict == COMPARE_CONTRADICTS)
        return STATUS_NO;
  return STATUS_DONE;
}

/* ---------------------------------------------------------------------- the words */

char *compare_offenders(const struct compare_row *row, const struct compare_cell *cell,
                        char buf[COMPARE_OFFENDERS_SIZE])
{
  const struct compare_theory *t = theory_of(row, cell);
  buf[0] = 0;
  for (unsigned i = 0; t && i < ISA_INSN_COUNT; i++)
    if (t->offends[i]) {
      size_t len = strlen(buf);
      snprintf(buf + len, COMPARE_OFFENDERS_SIZE - len, "%s%s", len ? " " : "",
               isa_insn_info((enum isa_insn)i)->mnemonic);
    }
  return buf;
}
