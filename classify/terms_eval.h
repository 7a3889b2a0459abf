/* Terms evaluated in concrete states: the walk of Z3's graph is done once, so that
 * hundreds of thousands of states can be tried against the engine.
 */
#ifndef TRAPEZE_CLASSIFY_TERMS_EVAL_H
#define TRAPEZE_CLASSIFY_TERMS_EVAL_H

#include "classify/terms.h"

/* What the uninterpreted functions of the devices are to be. `devices` is a name for
 * their state: 0, or in a pair of which each has its own 1 and 2; the names of other
 * states are the owner's. */
struct term_devices {
  void *ctx;
  bool (*exists)(void *ctx, uint32_t port);
  uint32_t (*in)(void *ctx, uint32_t devices, uint32_t port);
  uint32_t (*after_in)(void *ctx, uint32_t devices, uint32_t port);
  uint32_t (*after_out)(void *ctx, uint32_t devices, uint32_t port, uint32_t value);
  uint32_t (*sio)(void *ctx, uint32_t devices, uint32_t layout, uint32_t caw);
  uint32_t (*after_sio)(void *ctx, uint32_t devices, uint32_t layout, uint32_t caw);
  uint32_t (*tio)(void *ctx, uint32_t devices, uint32_t operand);
};

struct term_input {
  const struct trial_state *state[2]; /* [1] may be NULL where no symbol is of state 2 */
  uint32_t some_reg, some_word, some_key;
  const struct term_devices *devices; /* NULL: no port exists */
  const struct trial_cell *view;      /* instead of the states' own; NULL: theirs */
  unsigned view_count;
};

/* Roots may be NULL. NULL: the host has no memory. */
struct term_program;
struct term_program *term_compile(const struct terms *t, const Z3_ast *roots, unsigned count);
void term_program_destroy(struct term_program *p);
/* Evaluates everything; then term_value(i) is that of root i (Bool: 0 or 1). */
void term_run(struct term_program *p, const struct term_input *in);
uint64_t term_value(const struct term_program *p, unsigned root);

/* Applications of a function (a register file, a view, keys, pages): how many there are, and
 * the i-th. */
unsigned term_reads(const struct term_program *p, Z3_func_decl map);
Z3_ast term_read(const struct term_program *p, Z3_func_decl map, unsigned i);

/* What trial_run() would answer, by a program compiled from struct term_result of a
 * state without symbols of its own. The state is one that trial_run() accepts. */
void term_trial(struct term_program *p, const struct trial_state *s,
                const struct term_devices *devices, struct trial_result *r);

#endif
