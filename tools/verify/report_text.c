#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/holes.h"
#include "tools/common/message.h"
#include "tools/common/session.h"
#include "tools/common/text.h"
#include "tools/verify/report.h"

struct printer {
  const struct report *r;
  FILE *out;
  bool color;
  int host_error;              /* 0, or why a source line is missing */
  char n[4][TEXT_THINGS_SIZE]; /* numbers being printed */
};

#define BOLD  "\033[1m"
#define GREEN "\033[1;32m"
#define RED   "\033[1;31m"

static void paint(struct printer *p, const char *color, const char *text)
{
  fprintf(p->out, "%s%s%s", p->color ? color : "", text, p->color ? "\033[0m" : "");
}

static void heading(struct printer *p, const char *text)
{
  fputc('\n', p->out);
  paint(p, BOLD, text);
  fputc('\n', p->out);
}

/* "Equivalence         holds". */
static void verdict(struct printer *p, const char *property, const char *color, const char *answer)
{
  fputc('\n', p->out);
  paint(p, BOLD, property);
  fprintf(p->out, "%*s", 20 - (int)strlen(property), "");
  paint(p, color, answer);
  fputc('\n', p->out);
}

/* A label in its column, then wrapped words. */
static void item(struct printer *p, const char *label, const char *text)
{
  fprintf(p->out, "  %-17s ", label);
  text_wrap(p->out, text, 20, 20);
}

static const char *num(struct printer *p, unsigned slot, uint64_t n)
{
  return text_count(p->n[slot], n);
}

static const char *things(struct printer *p, unsigned slot, uint64_t n, const char *thing)
{
  return text_things(p->n[slot], n, thing);
}

/* --------------------------------------------------------------------- head */

static void print_head(struct printer *p)
{
  const struct setup *s = p->r->setup;
  char line[400], size[TEXT_COUNT_SIZE];
  snprintf(line, sizeof line, "%s on profile %s", s->program.name, profile_name(s->profile));
  paint(p, BOLD, line);
  fprintf(p->out, ": %s\n", profile_title(s->profile));
  if (p->r->depth == 1)
    item(p, "compared", "the bare machine with a virtual machine that a VMM offers");
  else {
    snprintf(line, sizeof line, "the bare machine with a virtual machine on %u stacked VMMs",
             p->r->depth);
    item(p, "compared", line);
  }
  if (p->r->technique != VMM_TECHNIQUE_TRAP_AND_EMULATE) {
    const struct vmm_technique_info *t = &vmm_techniques[p->r->technique];
    snprintf(line, sizeof line, "%s: %s", t->name, t->story);
    item(p, "technique", line);
  }
  snprintf(line, sizeof line, "%s of storage, a disk of %s", text_size(size, s->storage),
           things(p, 0, p->r->sectors, "sector"));
  item(p, "each has", line);
  item(p, "console input", s->input_story ? s->input_story : "none");
}

/* -------------------------------------------------------------- equivalence */

static const char *to_the_end(enum machine_why why)
{
  switch (why) {
  case MACHINE_HALTED:
    return "to its halt";
  case MACHINE_WAITS:
    return "until it waits forever";
  case MACHINE_DOUBLE_FAULT:
    return "to its double fault";
  default:
    return "to the tick limit";
  }
}

static const char *at_the_end(enum machine_why why)
{
  return why == MACHINE_HALTED         ? "at its halt"
         : why == MACHINE_WAITS        ? "where it waits forever"
         : why == MACHINE_DOUBLE_FAULT ? "at its double fault"
                                       : "at the tick limit";
}

static void print_passes(struct printer *p)
{
  const struct verify_result *v = p->r->result;
  char line[300];
  if (v->stepping.ran) {
    if (v->stepping.holds)
      snprintf(line, sizeof line, "the same state after each of %s, %s",
               things(p, 0, v->stepping.compared, "tick"), to_the_end(v->stepping.end));
    else
      snprintf(line, sizeof line, "the same state up to tick %s", num(p, 0, v->stepping.ticks));
    item(p, "tick by tick", line);
  }
  if (v->fast.ran) {
    if (v->fast.holds && v->fast.compared == 1)
      snprintf(line, sizeof line, "the same state hash %s, the only checkpoint",
               at_the_end(v->fast.end));
    else if (v->fast.holds)
      snprintf(line, sizeof line, "the same state hash every %s, %s, %s",
               things(p, 0, p->r->config->interval, "tick"), things(p, 1, v->fast.compared, "time"),
               to_the_end(v->fast.end));
    else
      snprintf(line, sizeof line, "the same state up to tick %s", num(p, 0, v->fast.ticks));
    item(p, "fast engine", line);
  }
  if (!v->engines_agree) {
    snprintf(line, sizeof line,
             "the fast engine and the stepper differ about the bare machine at "
             "tick %s: a fault of trapeze, please report it",
             num(p, 0, v->engines_differ_at));
    item(p, "engines", line);
  }
}

static void print_counts(struct printer *p)
{
  const struct verify_counts *c = &p->r->result->bare;
  char line[300];
  snprintf(line, sizeof line,
           "%s completed, %s (timer interrupts delivered), %s, %s of console output",
           things(p, 0, c->instructions, "instruction"), things(p, 1, c->preemptions, "preemption"),
           things(p, 2, c->disk_interrupts, "disk interrupt"), things(p, 3, c->output, "byte"));
  item(p, "in that time", line);
}

static void print_equivalence(struct printer *p)
{
  const struct verify_result *v = p->r->result;
  char line[64];
  if (v->first) {
    snprintf(line, sizeof line, "FAILS at tick %s", num(p, 0, v->first->before.tick));
    verdict(p, "Equivalence", RED, line);
  } else {
    verdict(p, "Equivalence", GREEN, "holds");
  }
  print_passes(p);
  print_counts(p);
}

/* --------------------------------------------------------- resource control */

static void print_resources(struct printer *p)
{
  const struct verify_resources *c = &p->r->result->resources;
  char line[400];
  verdict(p, "Resource control", c->holds ? GREEN : RED, c->holds ? "holds" : "FAILS");
  if (c->lost_control) {
    snprintf(line, sizeof line, "the VMM lost control of the real machine: %s", c->lost_reason);
    item(p, "the processor", line);
  }
  if (c->violations && strcmp(c->first, c->lost_reason) != 0) {
    snprintf(line, sizeof line, "%s; the first: %s", num(p, 0, c->violations), c->first);
    item(p, "violations", line);
  } else if (!c->violations) {
    item(p, "violations",
         "none at any return to the VMM: the real mode, IE, TE, BASE and BOUND "
         "were as it had set them");
  }
  if (c->disturbed_level >= 0)
    item(p, "outside", "storage, registers or disk of a machine that is not the guest's changed");
  else
    item(p, "outside", "the machines beside it, in storage and on the disk, are unchanged");
}

/* --------------------------------------------------------------- efficiency */

static const char *mnemonic(unsigned i)
{
  return isa_insn_info((enum isa_insn)i)->mnemonic;
}

static const char *cause(unsigned i)
{
  return isa_cause_info(i)->name;
}

/* "mtcr 13, rfe 9": what happened most comes first. */
static void print_ranking(struct printer *p, const char *label, const uint64_t *counts, unsigned n,
                          const char *(*name)(unsigned i))
{
  char line[800] = "";
  size_t at = 0;
  for (uint64_t below = UINT64_MAX; at < sizeof line;) {
    uint64_t best = 0;
    for (unsigned i = 0; i < n; i++)
      if (counts[i] < below && counts[i] > best)
        best = counts[i];
    if (best == 0)
      break;
    for (unsigned i = 0; i < n && at < sizeof line; i++)
      if (counts[i] == best)
        at += (size_t)snprintf(line + at, sizeof line - at, "%s%s %s", at ? ", " : "", name(i),
                               num(p, 0, best));
    below = best;
  }
  item(p, label, line[0] ? line : "none");
}

static void print_level(struct printer *p, const struct verify_level *l)
{
  char line[300];
  const struct vmm_stats *v = &l->vmm;
  print_ranking(p, "emulated", v->emulated_by, ISA_INSN_COUNT, mnemonic);
  print_ranking(p, "traps to the VMM", l->under.traps, ISA_CAUSE_LIMIT, cause);
  snprintf(line, sizeof line, "%s given to the guest, %s served unseen by it",
           num(p, 0, v->reflected), num(p, 1, v->served));
  item(p, "of these", line);
  if (v->interpreted)
    item(p, "interpreted", num(p, 0, v->interpreted));
}

static void print_efficiency(struct printer *p)
{
  const struct verify_result *v = p->r->result;
  char share[TEXT_COUNT_SIZE], line[100];
  for (unsigned i = v->levels; i-- > 0;) {
    const struct vmm_stats *s = &v->level[i].vmm;
    uint64_t all = s->direct + s->emulated + s->interpreted;
    text_percent(share, s->direct, all);
    snprintf(line, sizeof line, "%s of instructions executed directly", share);
    if (all == 0)
      snprintf(line, sizeof line, "no instruction was completed");
    if (i == v->levels - 1)
      verdict(p, "Efficiency", BOLD, line);
    else
      verdict(p, "  the VMM below", BOLD, line);
    print_level(p, &v->level[i]);
  }
}

/* --------------------------------------------------------------- divergence */

/* Without its indent, at most to the edge of the page. */
static void print_source_text(struct printer *p, const struct image_line *at)
{
  char text[400];
  const int indent = 4;
  if (!program_source_text(at->file, at->line, text, sizeof text)) {
    p->host_error = errno;
    return;
  }
  char *first = text + strspn(text, " ");
  if (strlen(first) > (size_t)(TEXT_WIDTH - indent))
    strcpy(first + TEXT_WIDTH - indent - 3, "...");
  fprintf(p->out, "%*s", indent, "");
  paint(p, BOLD, first);
  fputc('\n', p->out);
}

static void print_where(struct printer *p, const struct divergence *d)
{
  const struct image *image = p->r->setup->program.image;
  char place[128], line[600];
  uint32_t pc = d->before.pc;
  snprintf(line, sizeof line, "pc 0x%08x, %s, tick %s", pc,
           program_place(image, pc, place, sizeof place), num(p, 0, d->before.tick));
  item(p, "at", line);
  const struct image_line *source = image_line_at(image, pc);
  for (const struct image_line *at = source; at; at = at->via) {
    fprintf(p->out, "  %-17s %s:%u:\n", at == source ? "source" : "expanded from", at->file,
            at->line);
    print_source_text(p, at);
  }
  if (d->word_known) {
    char printed[100];
    isa_print(printed, sizeof printed, d->word, pc, NULL, NULL);
    fprintf(p->out, "  %-17s %08x  %s\n", "instruction", d->word, printed);
  }
}

static void print_field(struct printer *p, const char *name, const char *const values[3],
                        bool differs)
{
  char row[120];
  snprintf(row, sizeof row, "  %-17s %-14s %-18s %-18s%s", name, values[0], values[1], values[2],
           differs ? "<" : "");
  row[strcspn(row, "\n")] = 0;
  size_t len = strlen(row);
  while (len && row[len - 1] == ' ')
    row[--len] = 0;
  if (differs)
    paint(p, RED, row);
  else
    fputs(row, p->out);
  fputc('\n', p->out);
}

static void print_values(struct printer *p, const char *name, uint32_t before, uint32_t bare,
                         uint32_t vm)
{
  char v[3][16];
  const uint32_t n[3] = {before, bare, vm};
  for (unsigned i = 0; i < 3; i++)
    snprintf(v[i], sizeof v[i], strchr(name, '.') ? "%u" : "0x%08x", n[i]);
  print_field(p, name, (const char *const[]){v[0], v[1], v[2]}, bare != vm);
}

/* Fields that change at every tick are worth a row only if they differ. */
static bool only_time_passed(const char *name)
{
  return strcmp(name, "tick") == 0 || strcmp(name, isa_cr_info(CR_TIMER)->name) == 0;
}

static void print_state(struct printer *p, const struct divergence *d)
{
  struct observed_field fields[16];
  size_t n = observation_fields(p->r->setup->profile, &d->before, &d->after[0], &d->after[1],
                                fields, sizeof fields / sizeof *fields);
  fprintf(p->out, "\n");
  print_field(p, "", (const char *const[]){"before", "bare machine", "virtual machine"}, false);
  for (size_t i = 0; i < n; i++)
    if (fields[i].bare != fields[i].vm || !only_time_passed(fields[i].name))
      print_values(p, fields[i].name, fields[i].before, fields[i].bare, fields[i].vm);
  for (size_t i = 0; i < d->word_count; i++) {
    const struct divergence_word *w = &d->words[i];
    char name[24];
    snprintf(name, sizeof name, "at 0x%08x", w->at);
    print_values(p, name, w->before, w->bare, w->vm);
  }
  for (size_t i = 0; i < d->key_count; i++) {
    const struct divergence_word *w = &d->keys[i];
    char name[24];
    snprintf(name, sizeof name, "key of 0x%08x", w->at);
    print_values(p, name, w->before, w->bare, w->vm);
  }
  const char *state[3] = {observation_run_state(d->before.run_state),
                          observation_run_state(d->after[0].run_state),
                          observation_run_state(d->after[1].run_state)};
  if (d->after[0].run_state != d->after[1].run_state)
    print_field(p, "it is", state, true);
  if (d->devices_differ)
    print_field(p, "devices", (const char *const[]){"", "differ", "differ"}, true);
}

static void print_divergence(struct printer *p, const struct divergence *d)
{
  char text[2048];
  heading(p, "The first divergent instruction");
  print_where(p, d);
  item(p, "bare machine", report_deed(p->r, d, 0, text, sizeof text));
  item(p, "virtual machine", report_deed(p->r, d, 1, text, sizeof text));
  print_state(p, d);
  heading(p, "Why");
  report_print_reason(report_reason(p->r->setup->profile, p->r->technique, d, text, sizeof text),
                      p->out);
}

/* -------------------------------------------------------------- afterwards */

static void print_pair(struct printer *p, const char *name, uint64_t bare, uint64_t vm)
{
  fprintf(p->out, "  %-29s %18s %18s\n", name, num(p, 0, bare), num(p, 1, vm));
}

/* The line that differs, and no more of it than fits. */
static void print_excerpt(struct printer *p, const char *who, const struct verify_after *a,
                          unsigned which)
{
  char quoted[56];
  const uint8_t *text = a->excerpt[which];
  const uint8_t *end = memchr(text, '\n', a->excerpt_len[which]);
  text_quote(quoted, sizeof quoted, text, end ? (size_t)(end - text) + 1 : a->excerpt_len[which]);
  if (a->output_ends[which])
    fprintf(p->out, "    %-17s (nothing more)\n", who);
  else
    fprintf(p->out, "    %-17s \"%s\"\n", who, quoted);
}

static const char *in_the_end(enum machine_why why)
{
  return why == MACHINE_LIMIT          ? "still running"
         : why == MACHINE_LOST_CONTROL ? "out of control"
                                       : session_why(why);
}

static void print_after(struct printer *p)
{
  const struct verify_after *a = &p->r->result->after;
  const struct verify_counts *b = &a->delta[0], *v = &a->delta[1];
  char title[100];
  snprintf(title, sizeof title, "What came of it, up to tick %s", num(p, 0, b->tick));
  heading(p, title);
  fprintf(p->out, "  %-29s %18s %18s\n", "", "bare machine", "virtual machine");
  print_pair(p, "preemptions after it", b->preemptions, v->preemptions);
  print_pair(p, "disk interrupts after it", b->disk_interrupts, v->disk_interrupts);
  print_pair(p, "instructions after it", b->instructions, v->instructions);
  print_pair(p, "console output, bytes in all", b->output, v->output);
  fprintf(p->out, "  %-27s %20s %18s\n", "in the end", in_the_end(b->end), in_the_end(v->end));
  if (!a->output_differs) {
    fprintf(p->out, "  Their console output is the same.\n");
    return;
  }
  fprintf(p->out, "  Their console output is the same for %s; there the lines are\n",
          things(p, 0, a->output_equal, "byte"));
  print_excerpt(p, "bare machine", a, 0);
  print_excerpt(p, "virtual machine", a, 1);
}

/* "popf 3, pushf 3": the holes that the run met. Empty: none. */
static void name_holes(struct printer *p, char *buf, size_t size)
{
  const uint64_t *met = p->r->result->stepping.holes_met;
  size_t at = 0;
  buf[0] = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT && at < size; i++)
    if (met[i])
      at += (size_t)snprintf(buf + at, size - at, "%s%s %s", at ? ", " : "", mnemonic(i),
                             things(p, 0, met[i], "time"));
}

/* Where the first theorem fails, a run that holds has been lucky: how? */
static void print_luck(struct printer *p)
{
  const struct profile *profile = p->r->setup->profile;
  unsigned n = holes_count(profile);
  char met[600], line[1200];
  if (n == 0)
    return;
  name_holes(p, met, sizeof met);
  int len = snprintf(line, sizeof line,
                     "Profile %s has %s that %s sensitive and %s not trap "
                     "(marked * by 'trapeze profiles'). ",
                     profile_name(profile), things(p, 0, n, "instruction"), n == 1 ? "is" : "are",
                     n == 1 ? "does" : "do");
  char *rest = line + len;
  size_t room = sizeof line - (size_t)len;
  const char *them = n == 1 ? "it" : "them";
  if (!p->r->result->stepping.ran)
    snprintf(rest, room, "Whether this run met %s, only single steps can tell.", them);
  else if (met[0])
    snprintf(rest, room, "This run met %s, and nothing came of it; on another run it may.", met);
  else
    snprintf(rest, room, "This run met none of %s, and so is no evidence that a VMM works there.",
             n == 1 ? "it" : them);
  fputc('\n', p->out);
  text_wrap(p->out, line, 0, 0);
}

static void print_conclusion(struct printer *p)
{
  const struct verify_result *v = p->r->result;
  char line[400];
  if (!v->holds)
    snprintf(line, sizeof line,
             "On profile %s the virtual machine is no duplicate of the real one.",
             profile_name(p->r->setup->profile));
  else if (v->only_traps)
    snprintf(line, sizeof line,
             "This run is hardly evidence: its machines agree, but the guest completed %s and in "
             "the end does nothing but trap. 'trapeze run' says which trap began it.",
             v->bare.instructions ? things(p, 0, v->bare.instructions, "instruction")
                                  : "no instruction");
  else
    snprintf(line, sizeof line,
             "On this run the virtual machine is an isolated duplicate of the real one.");
  fputc('\n', p->out);
  text_wrap(p->out, line, 0, 0);
  if (v->holds)
    print_luck(p);
}

void report_print_divergence(const struct report *r, FILE *out)
{
  struct printer p = {.r = r, .out = out};
  if (r->result->first) {
    print_divergence(&p, r->result->first);
  }
}

int report_print(const struct report *r, FILE *out)
{
  struct printer p = {.r = r, .out = out, .color = message_color(out)};
  print_head(&p);
  print_equivalence(&p);
  print_resources(&p);
  print_efficiency(&p);
  if (r->result->first) {
    print_divergence(&p, r->result->first);
    print_after(&p);
  }
  print_conclusion(&p);
  if (p.host_error == 0)
    return STATUS_DONE;
  message_error("verify", "cannot read the source: %s", strerror(p.host_error));
  return STATUS_OURS;
}
