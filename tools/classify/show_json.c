#include "tools/classify/show.h"

#include "tools/common/json.h"

static const char *const how_names[] = {
    [CLASSIFY_PROVED] = "proved",       [CLASSIFY_EXHAUSTED] = "exhausted",
    [CLASSIFY_WITNESSED] = "witnessed", [CLASSIFY_SAMPLED] = "sampled",
    [CLASSIFY_SOLVED] = "solved",       [CLASSIFY_UNKNOWN] = "unknown",
};

static const char *const route_answers[] = {
    [ROUTE_UNKNOWN] = "unknown", [ROUTE_YES] = "yes", [ROUTE_NO] = "no"};

static json_t *cells_json(const struct trial_cell *cells, unsigned count)
{
  json_t *list = json_array();
  for (unsigned i = 0; i < count; i++) {
    json_array_append_new(list, json_pack("{s:o, s:o}", "at", json_hex(cells[i].at), "word",
                                          json_hex(cells[i].word)));
  }
  return list;
}

static json_t *registers_json(const uint32_t *reg)
{
  json_t *object = json_object();
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    json_object_set_new(object, isa_reg_name(r), json_hex(reg[r]));
  }
  return object;
}

static json_t *crs_json(const struct profile *p, const uint32_t *cr)
{
  json_t *object = json_object();
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (profile_has_cr(p, (enum isa_cr)n)) {
      json_object_set_new(object, isa_cr_info((enum isa_cr)n)->name, json_hex(cr[n]));
    }
  }
  return object;
}

static json_t *keys_json(const struct trial_key *keys, unsigned count)
{
  json_t *list = json_array();
  for (unsigned i = 0; i < count; i++) {
    json_array_append_new(
        list, json_pack("{s:o, s:i}", "block", json_hex(keys[i].block), "key", (int)keys[i].key));
  }
  return list;
}

static json_t *map_json(const struct map *m)
{
  json_t *list = json_array();
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "space", json_hex(e->space), "page",
                                          json_hex(e->page), "entry", json_hex(e->word)));
  }
  return list;
}

static json_t *disk_json(const struct trial_state *s)
{
  return json_pack("{s:o, s:o, s:o}", "sector", json_hex(s->disk_sector), "address",
                   json_hex(s->disk_address), "count", json_hex(s->disk_count));
}

static json_t *state_json(const struct profile *p, const struct trial_state *s)
{
  return json_pack(
      "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "storage", json_hex(s->storage), "pc",
      json_hex(s->pc), "registers", registers_json(s->reg), "control", crs_json(p, s->cr), "map",
      map_json(&s->map), "view", cells_json(s->view, s->view_count), "outside",
      cells_json(s->outside, s->outside_count), "keys", keys_json(s->key, s->key_count), "input",
      s->input ? json_integer(s->input_byte) : json_null(), "disk", disk_json(s));
}

static json_t *result_json(const struct profile *p, const struct trial_result *r)
{
  if (r->trapped) {
    return json_pack("{s:s, s:o}", "trap", isa_cause_info(r->trap.cause)->name, "value",
                     json_hex(r->trap.value));
  }
  static const char *const run_states[] = {"running", "waits", "stopped"};
  json_t *object = json_pack("{s:o, s:o, s:o, s:b, s:s}", "pc", json_hex(r->pc), "registers",
                             registers_json(r->reg), "control", crs_json(p, r->cr), "device",
                             (int)r->device_changed, "processor", run_states[r->run_state]);
  if (r->key_changed) {
    json_object_set_new(object, "key_set", keys_json(&r->key, 1));
  }
  if (r->tlb_changed) {
    json_object_set_new(object, "tlb", json_true());
  }
  if (r->stored != TRIAL_NO_STORE) {
    json_object_set_new(object, r->stored == TRIAL_STORE_VIEW ? "stored" : "stored_outside",
                        cells_json(&r->store, 1));
  }
  return object;
}

static json_t *witness_json(const struct classification *c, enum question q,
                            const struct witness *w)
{
  if (!w) {
    return json_null();
  }
  json_t *list = json_array();
  const struct profile *p = classification_profile(c);
  for (unsigned i = 0; i < question_states(q); i++) {
    json_array_append_new(list, json_pack("{s:o, s:o}", "state", state_json(p, &w->state[i]),
                                          "result", result_json(p, &w->result[i])));
  }
  return list;
}

static json_t *answers_json(const struct classification *c, const struct classify_insn *i,
                            bool with_witness)
{
  json_t *object = json_object();
  for (unsigned n = 0; n < QUESTION_COUNT; n++) {
    enum question q = (enum question)n;
    const struct classify_answer *a = &i->answer[n];
    json_t *answer =
        json_pack("{s:b, s:s, s:{s:s, s:s, s:s}}", "yes", (int)a->yes, "how", how_names[a->how],
                  "routes", "solver", route_answers[a->by_solver], "exhaustion",
                  route_answers[a->by_exhaustion], "experiment", route_answers[a->by_experiment]);
    if (with_witness) {
      json_object_set_new(answer, "witness", witness_json(c, q, a->witness));
    }
    json_object_set_new(object, question_name(q), answer);
  }
  return object;
}

static json_t *insn_json(const struct classification *c, enum isa_insn insn, bool with_witness)
{
  const struct classify_insn *i = classification_insn(c, insn);
  return json_pack(
      "{s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:o}", "instruction",
      isa_insn_info(insn)->mnemonic, "outside", profile_outside(classification_profile(c), insn),
      "class", show_class(c, insn), "control", (int)i->control, "location", (int)i->location,
      "mode", (int)i->mode, "resource", (int)i->resource, "user_sensitive", (int)i->user_sensitive,
      "privileged", (int)i->privileged, "sensitive", (int)i->sensitive, "innocuous",
      (int)i->innocuous, "errant", (int)i->errant, "answers", answers_json(c, i, with_witness));
}

static json_t *instructions_json(const struct classification *c, bool with_witness)
{
  json_t *list = json_array();
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    if (classification_insn(c, (enum isa_insn)n)->present) {
      json_array_append_new(list, insn_json(c, (enum isa_insn)n, with_witness));
    }
  }
  return list;
}

static json_t *theorem_json(const struct classification *c, enum classify_theorem t)
{
  json_t *offenders = json_array();
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    if (classification_offends(c, t, (enum isa_insn)n)) {
      json_array_append_new(offenders, json_string(isa_insn_info((enum isa_insn)n)->mnemonic));
    }
  }
  enum classify_how how = classification_how(c, t);
  bool holds = classification_holds(c, t);
  json_t *verdict = holds && classify_open(how) ? json_null() : json_boolean(holds);
  json_t *theorem = json_pack("{s:i, s:o, s:s, s:o}", "theorem", (int)t + 1, "holds", verdict,
                              "how", how_names[how], "offenders", offenders);
  if (t == CLASSIFY_THEOREM_2) {
    json_object_set_new(theorem, "given",
                        json_string("a VMM without timing dependencies: tested, not proved"));
  }
  return theorem;
}

static json_t *theorems_json(const struct classification *c)
{
  json_t *list = json_array();
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    json_array_append_new(list, theorem_json(c, (enum classify_theorem)t));
  }
  return list;
}

/* As `trapeze profiles --json` has them. */
static json_t *features_json(const struct profile *p)
{
  json_t *list = json_array();
  char said[PROFILE_FEATURE_SIZE];
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    if (profile_feature_word_holds(w, profile_features(p))) {
      json_array_append_new(list, json_string(profile_say_feature(w, said)));
    }
  }
  return list;
}

json_t *show_json(const struct classification *c)
{
  const char *first;
  unsigned disagreements = classification_disagreements(c, &first);
  return json_pack("{s:s, s:o, s:o, s:s, s:o, s:i, s:o, s:o}", "schema", "trapeze-classify/1",
                   "profile", json_text(profile_name(classification_profile(c))), "features",
                   features_json(classification_profile(c)), "model",
                   model_name(classification_model(c)), "theorems", theorems_json(c),
                   "disagreements", (int)disagreements, "disagreement", json_text(first),
                   "instructions", instructions_json(c, true));
}

json_t *show_matrix_json(struct classification *const *of, size_t count)
{
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    json_t *models = json_object(), *verdicts = json_object();
    for (unsigned m = 0; m < MODEL_COUNT; m++) {
      const struct classification *c = of[i * MODEL_COUNT + m];
      json_object_set_new(models, model_name((enum model)m), theorems_json(c));
      json_object_set_new(verdicts, model_name((enum model)m), instructions_json(c, false));
    }
    const struct profile *p = classification_profile(of[i * MODEL_COUNT]);
    json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "profile",
                                          json_text(profile_name(p)), "title",
                                          json_text(profile_title(p)), "features", features_json(p),
                                          "models", models, "verdicts", verdicts));
  }
  return json_pack("{s:s, s:o}", "schema", "trapeze-classify-all/1", "profiles", list);
}
