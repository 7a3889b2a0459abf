/* The queries as SMT-LIB 2, so that another solver can confirm them. */
#include "classify/route.h"
#include "classify/solver_query.h"

static void print_header(const struct profile *profile, enum isa_insn insn, enum model model,
                         enum question q, FILE *out)
{
  const struct profile_behaviour *outside =
      profile_behaviour(profile, insn, profile_user_mode(profile));
  fprintf(out, "; profile %s, of %u modes: instruction %s, in mode 0 full, elsewhere %s\n",
          profile_name(profile), profile_modes(profile), isa_insn_info(insn)->mnemonic,
          outside->name);
  fprintf(out, "; question: %s, in the %s model\n", question_name(q), model_name(model));
  fprintf(out, "; sat: the answer is yes; unsat: there is no such %s\n",
          question_states(q) == 2 ? "pair of states" : "state");
}

static const char *const meanings[QUESTION_COUNT] = {
    [QUESTION_UNPRIVILEGED] = "not: it traps in the least privileged mode and not in mode 0",
    [QUESTION_CONTROL] = "it does not trap and changes a resource",
    [QUESTION_LOCATION] = "relocation alone makes the results differ",
    [QUESTION_MODE] = "the mode alone makes the results differ",
    [QUESTION_RESOURCE] = "resources alone make the results differ",
    [QUESTION_USER_CONTROL] = "the same as control, in the least privileged mode",
    [QUESTION_USER_RESOURCE] =
        "the same as resource, with both states in the least privileged mode",
};

static void print_assertion(Z3_context z, Z3_ast formula, const char *comment, FILE *out)
{
  fprintf(out, "; %s\n(assert %s)\n", comment, Z3_ast_to_string(z, formula));
}

/* Declarations of all symbols that the query may name. */
static void print_symbols(const struct terms *t, FILE *out)
{
  Z3_context z = terms_z3(t);
  char text[160];
  for (unsigned i = 0; i < terms_symbol_count(t); i++) {
    const struct term_symbol *s = terms_symbol(t, i);
    terms_describe(t, s, text, sizeof text);
    fprintf(out, "%s ; %s\n", Z3_func_decl_to_string(z, s->decl), text);
  }
}

void solver_print(struct solver *s, enum isa_insn insn, enum model model, enum question q,
                  FILE *out)
{
  const struct profile *profile = solver_profile(s);
  print_header(profile, insn, model, q, out);
  fputs("(set-logic QF_UFBV)\n", out);
  if (profile_behaviour(profile, insn, 0)->kind == PROFILE_ABSENT) {
    fputs("; the profile has no such instruction\n(assert false)\n(check-sat)\n", out);
    return;
  }
  struct terms *t = terms_create(profile, insn);
  struct query query;
  if (!t) {
    fputs("; the host has no memory for this query\n", out);
    return;
  }
  query_build(t, q, model, &query);
  Z3_set_ast_print_mode(terms_z3(t), Z3_PRINT_SMTLIB2_COMPLIANT);
  print_symbols(t, out);
  print_assertion(terms_z3(t), query.encoded, "the operands are those of a defined encoding", out);
  for (unsigned i = 0; i < query.states; i++) {
    print_assertion(terms_z3(t), query.legal[i],
                    i == 0 ? "the first state is legal, and the instruction lies at its pc"
                           : "and so is the second",
                    out);
  }
  print_assertion(terms_z3(t), query.asks, meanings[q], out);
  fputs("(check-sat)\n", out);
  terms_destroy(t);
}
