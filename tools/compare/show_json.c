#include "tools/common/json.h"
#include "tools/common/session.h"
#include "tools/compare/compare.h"

static json_t *offenders_json(const struct compare_theory *t)
{
  json_t *list = json_array();
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (t->offends[i])
      json_array_append_new(list, json_string(isa_insn_info((enum isa_insn)i)->mnemonic));
  return list;
}

static json_t *theory_json(const struct compare_theory *t)
{
  return json_pack("{s:b, s:b, s:o}", "holds", t->holds, "sampled_only", t->open, "offenders",
                   offenders_json(t));
}

static json_t *parts_json(const struct compare_cell *c)
{
  if (c->run != COMPARE_PARTS)
    return json_null();
  return json_pack("{s:I, s:o, s:o, s:o, s:i, s:o, s:o}", "tick", (json_int_t)c->tick, "pc",
                   json_hex(c->pc), "place", json_text(c->place), "instruction",
                   json_text(c->has_insn ? isa_insn_info(c->insn)->mnemonic : NULL), "mode",
                   (int)c->mode, "behaviour", json_text(c->behaviour), "models",
                   json_text(c->models));
}

/* Of paravirt, where there are no states to compare. */
static json_t *output_json(const struct compare_matrix *m, const struct compare_cell *c)
{
  if (c->technique != VMM_TECHNIQUE_PARAVIRT || c->run == COMPARE_NO_BUILD)
    return json_null();
  return json_pack("{s:o, s:b, s:b, s:i, s:i, s:I, s:I}", "guest", json_text(m->sibling), "same",
                   c->run == COMPARE_EQUAL, "same_bytes", c->output.bytes, "lines",
                   (int)c->output.of_all, "timely", (int)c->output.timely, "bare_ticks",
                   (json_int_t)c->tick, "virtual_ticks", (json_int_t)c->own_ticks);
}

static json_t *cell_json(const struct compare_matrix *m, const struct compare_row *row,
                         const struct compare_cell *c)
{
  static const char *const verdicts[] = {"agrees", "not_exercised", "contradicts", "unpredicted"};
  char remark[COMPARE_REMARK_SIZE];
  json_t *cell = json_pack(
      "{s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
      "technique", vmm_techniques[c->technique].name, "premise",
      compare_premise_name(compare_premise(c->technique)), "predicted", compare_promise(row, c),
      "equal", c->run == COMPARE_EQUAL, "verdict", verdicts[c->verdict], "parts", parts_json(c),
      "output", output_json(m, c), "remark", json_text(compare_remark(row, c, remark)),
      "in_control", !c->out_of_control, "instructions", (json_int_t)c->seen, "direct",
      (json_int_t)c->vmm.direct, "emulated", (json_int_t)c->vmm.emulated, "interpreted",
      (json_int_t)c->vmm.interpreted, "translated", (json_int_t)compare_translated(c), "traps",
      (json_int_t)c->traps, "hypercalls", (json_int_t)c->hypercalls, "world_switches",
      (json_int_t)c->vmm.world_switches, "vmm_work_ticks", (json_int_t)c->work);
  if (cell && m->timed) {
    json_object_set_new(cell, "bare_nanoseconds", json_integer((json_int_t)c->host[0]));
    json_object_set_new(cell, "vm_nanoseconds", json_integer((json_int_t)c->host[1]));
  }
  return cell;
}

static json_t *row_json(const struct compare_matrix *m, const struct compare_row *row)
{
  json_t *cells = json_array();
  for (unsigned t = 0; t < m->techniques; t++)
    json_array_append_new(cells, cell_json(m, row, &row->cell[t]));
  return json_pack("{s:s, s:s, s:o, s:o, s:o}", "profile", profile_name(row->setup.profile),
                   "title", profile_title(row->setup.profile), "theorem_1",
                   theory_json(&row->theory[CLASSIFY_THEOREM_1]), "theorem_3",
                   theory_json(&row->theory[CLASSIFY_THEOREM_3]), "techniques", cells);
}

json_t *compare_json(const struct compare_matrix *m)
{
  json_t *rows = json_array();
  for (unsigned i = 0; i < m->rows; i++)
    json_array_append_new(rows, row_json(m, &m->row[i]));
  return json_pack("{s:s, s:o, s:I, s:I, s:I, s:o, s:b, s:o}", "schema", "trapeze-compare/1",
                   "guest", json_text(m->guest), "storage", (json_int_t)m->setup->storage,
                   "tick_limit", (json_int_t)m->setup->ticks, "interval", (json_int_t)m->interval,
                   "console_input", json_text(m->setup->input_story), "consistent",
                   compare_status(m) == STATUS_DONE, "profiles", rows);
}
