/* Writes the solver's queries about a profile as one SMT-LIB file, and what Z3 answers
 * to each, so that another solver can be asked the same (cvc5.sh).
 *
 *   queries PROFILE FILE LIST          the extended model; all of the system part, and
 *                                      one in 24 of the other instructions
 *   queries PROFILE FILE LIST --all    both models, every instruction
 *
 * A line of LIST for each query of FILE: sat, unsat or unknown, then what was asked. */
#include <string.h>

#include "classify/route.h"

struct files {
  FILE *queries, *list;
};

static void put_query(struct solver *s, enum isa_insn insn, enum model model, enum question q,
                      enum route_answer answer, const struct files *out)
{
  static const char *const words[] = {
      [ROUTE_UNKNOWN] = "unknown", [ROUTE_YES] = "sat", [ROUTE_NO] = "unsat"};
  solver_print(s, insn, model, q, out->queries);
  fputs("(reset)\n", out->queries);
  fprintf(out->list, "%s %s %s: %s\n", words[answer], isa_insn_info(insn)->mnemonic,
          model_name(model), question_name(q));
}

static void put_queries(const struct profile *profile, struct solver *s, bool all,
                        const struct files *out)
{
  static struct route_findings findings;
  for (unsigned m = all ? 0 : MODEL_EXTENDED; m < MODEL_COUNT; m++) {
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
      bool system = isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM;
      bool there = profile_behaviour(profile, (enum isa_insn)i, 0)->kind != PROFILE_ABSENT;
      if (!there || !(all || system || i % 24 == 0)) {
        continue;
      }
      solver_ask(s, (enum isa_insn)i, (enum model)m, &findings);
      for (unsigned q = 0; q < QUESTION_COUNT; q++) {
        put_query(s, (enum isa_insn)i, (enum model)m, (enum question)q, findings.finding[q].answer,
                  out);
      }
    }
  }
}

int main(int argc, char **argv)
{
  const char *reason = "";
  if (argc < 4) {
    fputs("usage: queries PROFILE FILE LIST [--all]\n", stderr);
    return 2;
  }
  struct profile *profile = profile_load(argv[1], stderr);
  struct solver *s = profile ? solver_create(profile, &reason) : NULL;
  struct files out = {fopen(argv[2], "w"), fopen(argv[3], "w")};
  bool ready = s && out.queries && out.list;
  if (ready) {
    put_queries(profile, s, argc > 4 && strcmp(argv[4], "--all") == 0, &out);
  } else {
    fprintf(stderr, "queries: %s: %s\n", argv[1], reason);
  }
  bool failed = out.queries && fclose(out.queries) != 0;
  failed = (out.list && fclose(out.list) != 0) || failed;
  solver_destroy(s);
  profile_destroy(profile);
  return ready && !failed ? 0 : 3;
}
