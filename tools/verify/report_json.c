#include <errno.h>
#include <string.h>

#include "tools/common/holes.h"
#include "tools/common/json.h"
#include "tools/common/session.h"
#include "tools/verify/report.h"

/* Guests print any bytes; JSON takes text only, so the others become \xNN. */
static json_t *bytes_json(const uint8_t *bytes, size_t len)
{
  char buf[VERIFY_EXCERPT * 4 + 8];
  size_t at = 0;
  for (size_t i = 0; i < len; i++) {
    bool plain = (bytes[i] >= 0x20 && bytes[i] < 0x7f) || bytes[i] == '\n' || bytes[i] == '\t';
    at += (size_t)snprintf(buf + at, sizeof buf - at, plain ? "%c" : "\\x%02x", bytes[i]);
  }
  return json_stringn(buf, at);
}

static json_t *pass_json(const struct verify_pass *p)
{
  if (!p->ran)
    return json_null();
  return json_pack("{s:b, s:I, s:I, s:s}", "holds", p->holds, "equal_to_tick", (json_int_t)p->ticks,
                   "states_compared", (json_int_t)p->compared, "end",
                   p->holds ? session_why(p->end) : "diverged");
}

static json_t *counts_json(const struct verify_counts *c)
{
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "tick", (json_int_t)c->tick, "instructions",
                   (json_int_t)c->instructions, "preemptions", (json_int_t)c->preemptions,
                   "disk_interrupts", (json_int_t)c->disk_interrupts, "console_interrupts",
                   (json_int_t)c->console_interrupts, "console_output", (json_int_t)c->output);
}

/* --------------------------------------------------------------- divergence */

static json_t *source_json(const struct report *r, uint32_t pc)
{
  json_t *list = json_array();
  for (const struct image_line *at = image_line_at(r->setup->program.image, pc); at; at = at->via) {
    char text[400];
    int before = errno; /* an error already met is not forgotten */
    bool known = program_source_text(at->file, at->line, text, sizeof text);
    errno = known || errno == 0 ? before : errno;
    json_array_append_new(list, json_pack("{s:o, s:i, s:o}", "file", json_text(at->file), "line",
                                          (int)at->line, "text", json_text(known ? text : NULL)));
  }
  return list;
}

static json_t *fields_json(const struct report *r, const struct divergence *d)
{
  struct observed_field fields[ISA_REG_COUNT + ISA_CR_COUNT];
  json_t *list = json_array();
  size_t n = observation_fields(r->setup->profile, &d->before, &d->after[0], &d->after[1], fields,
                                sizeof fields / sizeof *fields);
  for (size_t i = 0; i < n; i++)
    json_array_append_new(
        list, json_pack("{s:s, s:o, s:o, s:o, s:b}", "field", fields[i].name, "before",
                        json_hex(fields[i].before), "bare", json_hex(fields[i].bare), "virtual",
                        json_hex(fields[i].vm), "differs", fields[i].bare != fields[i].vm));
  return list;
}

static json_t *words_json(const struct divergence_word *words, size_t count)
{
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const struct divergence_word *w = &words[i];
    json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:b}", "address", json_hex(w->at),
                                          "before", json_hex(w->before), "bare", json_hex(w->bare),
                                          "virtual", json_hex(w->vm), "differs", w->bare != w->vm));
  }
  return list;
}

static json_t *behaviour_json(const struct profile_behaviour *b)
{
  if (!b)
    return json_null();
  return json_pack("{s:s, s:o, s:o, s:o, s:i}", "behaviour", b->name, "models",
                   json_text(b->models), "source", json_text(b->source), "file", json_text(b->file),
                   "line", (int)b->line);
}

static json_t *explanation_json(const struct report *r, const struct divergence *d)
{
  static const char *const causes[] = {"initial", "sensitive_not_privileged", "interrupt", "vmm"};
  const struct profile *p = r->setup->profile;
  struct explanation e = divergence_explain(d, p);
  char text[2048];
  return json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "cause", causes[e.cause], "guest_mode",
                   (int)e.mode, "real_mode", (int)e.real_mode, "bare", behaviour_json(e.bare),
                   "virtual", behaviour_json(e.vm), "text",
                   json_text(report_reason(r->setup->profile, r->technique, d, text, sizeof text)));
}

static json_t *divergence_json(const struct report *r)
{
  const struct divergence *d = r->result->first;
  if (!d)
    return json_null();
  struct explanation e = divergence_explain(d, r->setup->profile);
  char place[128], deed[2][200], printed[100] = "";
  if (d->word_known)
    isa_print(printed, sizeof printed, d->word, d->before.pc, NULL, NULL);
  program_place(r->setup->program.image, d->before.pc, place, sizeof place);
  return json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:I, s:o, s:b, s:b, s:o}", "tick",
      (json_int_t)d->before.tick, "pc", json_hex(d->before.pc), "place", json_text(place), "source",
      source_json(r, d->before.pc), "instruction",
      json_text(e.has_insn ? isa_insn_info(e.insn)->mnemonic : NULL), "disassembly",
      json_text(d->word_known ? printed : NULL), "word",
      d->word_known ? json_hex(d->word) : json_null(), "bare_did",
      report_deed(r, d, 0, deed[0], sizeof deed[0]), "virtual_did",
      report_deed(r, d, 1, deed[1], sizeof deed[1]), "fields", fields_json(r, d), "storage",
      words_json(d->words, d->word_count), "storage_words_differing",
      (json_int_t)d->words_differing, "keys", words_json(d->keys, d->key_count), "devices_differ",
      d->devices_differ, "only_in_long_runs", d->only_in_long_runs, "explanation",
      explanation_json(r, d));
}

static json_t *after_json(const struct verify_result *v)
{
  if (!v->first)
    return json_null();
  const struct verify_after *a = &v->after;
  json_t *side[2];
  for (unsigned i = 0; i < 2; i++) {
    side[i] = counts_json(&a->delta[i]);
    json_object_set_new(side[i], "end", json_string(session_why(a->delta[i].end)));
    json_object_set_new(side[i], "differing_output", bytes_json(a->excerpt[i], a->excerpt_len[i]));
  }
  return json_pack("{s:b, s:I, s:o, s:o}", "output_differs", a->output_differs,
                   "output_equal_bytes", (json_int_t)a->output_equal, "bare", side[0], "virtual",
                   side[1]);
}

/* ----------------------------------------------------------------- the rest */

static json_t *resources_json(const struct verify_resources *c)
{
  return json_pack(
      "{s:b, s:b, s:o, s:i, s:o, s:b}", "holds", c->holds, "lost_control", c->lost_control,
      "lost_control_reason", json_text(c->lost_control ? c->lost_reason : NULL), "violations",
      (int)c->violations, "first_violation", json_text(c->violations ? c->first : NULL),
      "outside_unchanged", c->disturbed_level < 0);
}

static json_t *level_json(const struct verify_level *l)
{
  const struct vmm_stats *v = &l->vmm;
  uint64_t all = v->direct + v->emulated + v->interpreted;
  json_t *by = json_object(), *traps = json_object();
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (v->emulated_by[i])
      json_object_set_new(by, isa_insn_info((enum isa_insn)i)->mnemonic,
                          json_integer((json_int_t)v->emulated_by[i]));
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    if (l->under.traps[i])
      json_object_set_new(traps, isa_cause_info(i)->name,
                          json_integer((json_int_t)l->under.traps[i]));
  return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "direct_percent",
                   all ? 100.0 * (double)v->direct / (double)all : 0.0, "direct",
                   (json_int_t)v->direct, "emulated", (json_int_t)v->emulated, "interpreted",
                   (json_int_t)v->interpreted, "reflected", (json_int_t)v->reflected, "served",
                   (json_int_t)v->served, "world_switches", (json_int_t)v->world_switches,
                   "frozen_ticks", (json_int_t)v->frozen, "emulated_by", by, "traps", traps);
}

static json_t *efficiency_json(const struct verify_result *v)
{
  json_t *list = json_array();
  for (unsigned i = v->levels; i-- > 0;)
    json_array_append_new(list, level_json(&v->level[i]));
  return list;
}

/* By name, in the profile and on this run. */
static void add_holes(json_t *o, const struct report *r)
{
  const struct verify_pass *stepping = &r->result->stepping;
  json_t *list = json_array(), *met = stepping->ran ? json_object() : json_null();
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const char *name = isa_insn_info((enum isa_insn)i)->mnemonic;
    if (hole_in(r->setup->profile, (enum isa_insn)i))
      json_array_append_new(list, json_string(name));
    if (stepping->holes_met[i])
      json_object_set_new(met, name, json_integer((json_int_t)stepping->holes_met[i]));
  }
  json_object_set_new(o, "holes", list);
  json_object_set_new(o, "holes_met", met);
}

static json_t *equivalence_json(const struct verify_result *v)
{
  return json_pack("{s:b, s:o, s:o, s:b}", "holds", v->first == NULL, "stepping",
                   pass_json(&v->stepping), "fast", pass_json(&v->fast), "engines_agree",
                   v->engines_agree);
}

int report_print_json(const struct report *r)
{
  errno = 0; /* json_print() looks at it */
  const struct setup *s = r->setup;
  const struct verify_result *v = r->result;
  json_t *o = json_pack(
      "{s:s, s:o, s:o, s:i, s:s, s:I, s:I, s:I, s:I, s:o, s:b}", "schema", "trapeze-verify/1",
      "program", json_text(s->program.name), "profile", json_text(profile_name(s->profile)),
      "depth", (int)r->depth, "technique", vmm_techniques[r->technique].name, "storage",
      (json_int_t)s->storage, "disk_sectors", (json_int_t)r->sectors, "tick_limit",
      (json_int_t)r->config->ticks, "checkpoint_interval", (json_int_t)r->config->interval,
      "console_input", json_text(s->input_story), "holds", v->holds);
  if (o) {
    json_object_set_new(o, "only_traps", json_boolean(v->only_traps));
    add_holes(o, r);
    json_object_set_new(o, "equivalence", equivalence_json(v));
    json_object_set_new(o, "resource_control", resources_json(&v->resources));
    json_object_set_new(o, "efficiency", efficiency_json(v));
    json_object_set_new(o, "bare", counts_json(&v->bare));
    json_object_set_new(o, "virtual", counts_json(&v->vm));
    json_object_set_new(o, "first_divergence", divergence_json(r));
    json_object_set_new(o, "after", after_json(v));
  }
  return json_print("verify", o);
}
