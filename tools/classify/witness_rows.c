#include "tools/classify/witness_rows.h"

#include <string.h>

#define TEXT_SIZE 40

struct table {
  FILE *out;
  const struct profile *profile;
  enum question q;
  const struct witness *w;
  unsigned columns;
  component_set about; /* K: its components are not among the results of a pair */
  uint32_t word;       /* the instruction */
  bool operand[ISA_REG_COUNT];
};

/* ----------------------------------------------------------------- printing */

static void put(const struct table *t, const char *name, const char *one, const char *other,
                bool marked)
{
  char line[3 * TEXT_SIZE];
  if (t->columns == 2) {
    snprintf(line, sizeof line, "    %-16s  %-22s  %-22s%s", name, one, other, marked ? "  <" : "");
  } else {
    snprintf(line, sizeof line, "    %-16s  %-22s%s", name, one, marked ? "  <" : "");
  }
  size_t len = strlen(line);
  while (len > 0 && line[len - 1] == ' ') {
    len--;
  }
  fprintf(t->out, "%.*s\n", (int)len, line);
}

static void put_words(const struct table *t, const char *name, uint32_t one, uint32_t other,
                      bool small, bool marked)
{
  char text[2][TEXT_SIZE];
  snprintf(text[0], TEXT_SIZE, small ? "%u" : "0x%08x", one);
  snprintf(text[1], TEXT_SIZE, small ? "%u" : "0x%08x", other);
  put(t, name, text[0], text[1], marked);
}

/* -------------------------------------------------------------------- before */

static uint32_t field_of(uint32_t psw, const struct isa_psw_field_info *f)
{
  return psw >> f->low & ((2u << (f->high - f->low)) - 1);
}

static void find_operands(struct table *t)
{
  struct isa_decoded d;
  const struct trial_state *s = &t->w->state[0];
  t->word = trial_view_word(s, s->pc);
  if (!isa_decode(t->word, &d)) {
    return;
  }
  const struct isa_format_info *f = isa_format_info(isa_insn_info(d.insn)->format);
  for (size_t i = 0; i < f->operand_count; i++) {
    if (f->operands[i].kind == ISA_OPERAND_REG) {
      t->operand[isa_get_slot(&d, f->operands[i].slot)] = true;
    }
  }
}

static void before_psw(const struct table *t)
{
  const struct isa_psw_field_info *f = isa_psw_fields();
  uint32_t a = t->w->state[0].cr[CR_PSW], b = t->w->state[t->columns - 1].cr[CR_PSW];
  for (; f->name; f++) {
    bool differ = field_of(a, f) != field_of(b, f);
    if (differ || field_of(a, f) || f == isa_psw_fields()) {
      char name[24];
      snprintf(name, sizeof name, "psw.%s", f->name);
      put_words(t, name, field_of(a, f), field_of(b, f), true, differ);
    }
  }
}

static void before_crs(const struct table *t)
{
  const struct trial_state *a = &t->w->state[0], *b = &t->w->state[t->columns - 1];
  bool translated = psw_te(a->cr[CR_PSW]) || psw_te(b->cr[CR_PSW]);
  struct trial_state reset;
  trial_reset(&reset, a->storage);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    bool relocation = component_bit(COMPONENT_CR + n) & model_location(t->profile);
    if (n == CR_PSW || !profile_has_cr(t->profile, (enum isa_cr)n)) {
      continue;
    }
    bool differ = a->cr[n] != b->cr[n];
    if (differ || (relocation ? translated : a->cr[n] != reset.cr[n])) {
      put_words(t, isa_cr_info((enum isa_cr)n)->name, a->cr[n], b->cr[n], false, differ);
    }
  }
}

/* "0x3000 r-x, modes 0-1": where the page lies, what is allowed there, to whom. */
static void describe_entry(const struct table *t, const struct map_entry *e, char *text)
{
  if (!e) {
    snprintf(text, TEXT_SIZE, "none");
    return;
  }
  bool fetch_only = (e->word & PTE_FETCH_ONLY) != 0;
  int len =
      snprintf(text, TEXT_SIZE, "0x%x %c%c%c, ", pte_frame(e->word), fetch_only ? '-' : 'r',
               e->word & PTE_WRITE && !fetch_only ? 'w' : '-', e->word & PTE_EXECUTE ? 'x' : '-');
  unsigned level = pte_level(e->word);
  const char *modes = level == 0                               ? "mode 0"
                      : level >= profile_user_mode(t->profile) ? "all modes"
                      : level == 1                             ? "modes 0-1"
                                                               : "modes 0-2";
  snprintf(text + len, TEXT_SIZE - (size_t)len, "%s", modes);
}

/* A page as each state has it in its own space. */
static void before_page(const struct table *t, uint32_t page)
{
  const struct map_entry *e[2];
  char name[24], text[2][TEXT_SIZE];
  for (unsigned i = 0; i < 2; i++) {
    const struct trial_state *s = &t->w->state[i < t->columns ? i : 0];
    e[i] = map_find(&s->map, map_space(&s->map, s->cr), page);
    describe_entry(t, e[i], text[i]);
  }
  snprintf(name, sizeof name, "page 0x%x", page);
  put(t, name, text[0], text[1], e[0] != e[1] && (!e[0] || !e[1] || e[0]->word != e[1]->word));
}

static bool is_current(const struct trial_state *s, const struct map_entry *e)
{
  return map_find(&s->map, map_space(&s->map, s->cr), e->page) == e;
}

/* Whether some entry before this one has been shown for the page. */
static bool page_is_told(const struct table *t, unsigned state, unsigned i)
{
  uint32_t page = t->w->state[state].map.entry[i].page;
  for (unsigned s = 0; s <= state; s++) {
    const struct trial_state *state_of = &t->w->state[s];
    unsigned count = s < state ? state_of->map.count : i;
    for (unsigned k = 0; k < count; k++) {
      const struct map_entry *e = &state_of->map.entry[k];
      if (e->page == page && is_current(state_of, e)) {
        return true;
      }
    }
  }
  return false;
}

/* What the TLB holds for other spaces, too: what searches or empties it can meet that. */
static void before_map(const struct table *t)
{
  for (unsigned s = 0; s < t->columns; s++) {
    const struct trial_state *state = &t->w->state[s];
    for (unsigned i = 0; i < state->map.count; i++) {
      const struct map_entry *e = &state->map.entry[i];
      if (is_current(state, e)) {
        if (!page_is_told(t, s, i)) {
          before_page(t, e->page);
        }
      } else if (t->columns == 1) {
        char name[40], text[TEXT_SIZE];
        describe_entry(t, e, text);
        snprintf(name, sizeof name, "page 0x%x of %u", e->page, e->space);
        put(t, name, text, "", false);
      }
    }
  }
}

static void before_registers(const struct table *t)
{
  const struct trial_state *a = &t->w->state[0], *b = &t->w->state[t->columns - 1];
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    bool differ = a->reg[r] != b->reg[r];
    if (differ || a->reg[r] || t->operand[r]) {
      put_words(t, isa_reg_name(r), a->reg[r], b->reg[r], false, differ);
    }
  }
}

static void before_storage(const struct table *t)
{
  const struct trial_state *a = &t->w->state[0];
  for (unsigned i = 0; i < a->view_count; i++) {
    if (a->view[i].at != a->pc) {
      char name[24];
      snprintf(name, sizeof name, "word 0x%x", a->view[i].at);
      put_words(t, name, a->view[i].word, a->view[i].word, false, false);
    }
  }
  for (unsigned i = 0; i < a->outside_count; i++) {
    char name[24];
    snprintf(name, sizeof name, "real 0x%x", a->outside[i].at);
    put_words(t, name, a->outside[i].word, a->outside[i].word, false, false);
  }
}

static uint8_t key_in(const struct trial_state *s, uint32_t block)
{
  for (unsigned i = 0; i < s->key_count; i++) {
    if (s->key[i].block == block) {
      return s->key[i].key;
    }
  }
  return 0;
}

static void before_keys(const struct table *t)
{
  for (unsigned which = 0; which < t->columns; which++) {
    const struct trial_state *s = &t->w->state[which];
    for (unsigned i = 0; i < s->key_count; i++) {
      uint8_t one = key_in(&t->w->state[0], s->key[i].block);
      uint8_t other = key_in(&t->w->state[t->columns - 1], s->key[i].block);
      char name[24];
      snprintf(name, sizeof name, "key, block %u", s->key[i].block);
      put_words(t, name, one, other, true, one != other);
    }
  }
}

static void before_devices(const struct table *t)
{
  const struct trial_state *a = &t->w->state[0], *b = &t->w->state[t->columns - 1];
  if (a->input || b->input) {
    char text[2][TEXT_SIZE];
    for (unsigned i = 0; i < 2; i++) {
      const struct trial_state *s = i ? b : a;
      snprintf(text[i], TEXT_SIZE, s->input ? "0x%02x waits" : "nothing", s->input_byte);
    }
    put(t, "console input", text[0], text[1],
        a->input != b->input || a->input_byte != b->input_byte);
  }
  if (a->disk_sector || b->disk_sector) {
    put_words(t, "disk sector", a->disk_sector, b->disk_sector, false,
              a->disk_sector != b->disk_sector);
  }
  if (a->disk_address || b->disk_address) {
    put_words(t, "disk address", a->disk_address, b->disk_address, false,
              a->disk_address != b->disk_address);
  }
  if (a->disk_count || b->disk_count) {
    put_words(t, "disk count", a->disk_count, b->disk_count, false, a->disk_count != b->disk_count);
  }
}

/* --------------------------------------------------------------------- after */

static bool results_are_told(const struct table *t)
{
  return t->columns == 2 && t->q != QUESTION_UNPRIVILEGED;
}

static void after_deed(const struct table *t)
{
  char text[2][TEXT_SIZE];
  for (unsigned i = 0; i < t->columns; i++) {
    const struct trial_result *r = &t->w->result[i];
    snprintf(text[i], TEXT_SIZE, "%s%s", r->trapped ? "traps: " : "executes",
             r->trapped ? isa_cause_info(r->trap.cause)->name : "");
  }
  bool decides = results_are_told(t) && t->w->result[0].trapped != t->w->result[1].trapped;
  put(t, "", text[0], text[1], decides || t->q == QUESTION_UNPRIVILEGED);
}

/* One component after, in the executions that did not trap. */
static void after_words(const struct table *t, const char *name, const uint32_t before[2],
                        const uint32_t after[2], bool small, bool in_k)
{
  bool shown = false, ran[2];
  char text[2][TEXT_SIZE];
  for (unsigned i = 0; i < 2; i++) {
    unsigned which = i < t->columns ? i : 0;
    ran[i] = !t->w->result[which].trapped;
    shown = shown || (ran[i] && before[which] != after[which]);
    snprintf(text[i], TEXT_SIZE, !ran[i] ? "-" : small ? "%u" : "0x%08x", after[which]);
  }
  bool differ = t->columns == 2 && ran[0] && ran[1] && after[0] != after[1];
  bool marked = results_are_told(t) ? differ && !in_k : t->columns == 1 && in_k;
  if (shown || (differ && !in_k)) {
    put(t, name, text[0], text[1], marked);
  }
}

static void after_psw(const struct table *t)
{
  const struct isa_psw_field_info *fields = isa_psw_fields();
  for (unsigned f = 0; fields[f].name; f++) {
    uint32_t before[2], after[2];
    char name[24];
    for (unsigned i = 0; i < 2; i++) {
      before[i] = field_of(t->w->state[i].cr[CR_PSW], &fields[f]);
      after[i] = field_of(t->w->result[i].cr[CR_PSW], &fields[f]);
    }
    snprintf(name, sizeof name, "psw.%s", fields[f].name);
    after_words(t, name, before, after, true, (t->about & component_bit(COMPONENT_PSW + f)) != 0);
  }
}

static void after_numbers(const struct table *t)
{
  uint32_t before[2], after[2];
  for (unsigned i = 0; i < 2; i++) {
    before[i] = t->w->state[i].pc + 4;
    after[i] = t->w->result[i].pc;
  }
  after_words(t, "pc", before, after, false, false);
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    for (unsigned i = 0; i < 2; i++) {
      before[i] = t->w->state[i].reg[r];
      after[i] = t->w->result[i].reg[r];
    }
    after_words(t, isa_reg_name(r), before, after, false, false);
  }
  after_psw(t);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (n == CR_PSW || !profile_has_cr(t->profile, (enum isa_cr)n)) {
      continue;
    }
    for (unsigned i = 0; i < 2; i++) {
      before[i] = t->w->state[i].cr[n];
      after[i] = t->w->result[i].cr[n];
    }
    after_words(t, isa_cr_info((enum isa_cr)n)->name, before, after, false,
                (t->about & component_bit(COMPONENT_CR + n)) != 0);
  }
}

static void describe_store(const struct trial_result *r, char *text)
{
  static const char *const places[] = {"nothing", "", "real "};
  if (r->trapped) {
    snprintf(text, TEXT_SIZE, "-");
  } else if (r->stored == TRIAL_NO_STORE) {
    snprintf(text, TEXT_SIZE, "nothing new");
  } else {
    snprintf(text, TEXT_SIZE, "%s0x%x: 0x%08x", places[r->stored], r->store.at, r->store.word);
  }
}

static void after_rest(const struct table *t)
{
  char text[2][TEXT_SIZE];
  const struct trial_result *a = &t->w->result[0], *b = &t->w->result[t->columns - 1];
  describe_store(a, text[0]);
  describe_store(b, text[1]);
  if (a->stored != TRIAL_NO_STORE || b->stored != TRIAL_NO_STORE) {
    put(t, "stores at", text[0], text[1],
        t->columns == 1 ? a->stored == TRIAL_STORE_OUTSIDE
                        : results_are_told(t) && strcmp(text[0], text[1]) != 0);
  }
  if (a->key_changed || b->key_changed) {
    put(t, "a storage key", a->key_changed ? "changed" : "as it was",
        b->key_changed ? "changed" : "as it was", t->columns == 1);
  }
  if (a->tlb_changed || b->tlb_changed) {
    put(t, "the TLB", a->tlb_changed ? "changed" : "as it was",
        b->tlb_changed ? "changed" : "as it was", t->columns == 1);
  }
  if (a->device_changed || b->device_changed) {
    put(t, "devices", a->device_changed ? "changed" : "as they were",
        b->device_changed ? "changed" : "as they were", t->columns == 1);
  }
  static const char *const states[] = {"running", "waits", "stopped"};
  if (a->run_state != MACHINE_RUNNING || b->run_state != MACHINE_RUNNING) {
    put(t, "processor", states[a->run_state], states[b->run_state], t->columns == 1);
  }
}

void witness_rows_print(FILE *out, const struct profile *profile, enum question q, enum model model,
                        const struct witness *w)
{
  struct table t = {.out = out,
                    .profile = profile,
                    .q = q,
                    .w = w,
                    .columns = question_states(q),
                    .about = model_resources(model, profile)};
  char insn[2][TEXT_SIZE];
  find_operands(&t);
  for (unsigned i = 0; i < t.columns; i++) {
    isa_print(insn[i], TEXT_SIZE, t.word, w->state[i].pc, NULL, NULL);
  }
  put(&t, "", t.columns == 2 ? "state 1" : "state", "state 2", false);
  before_psw(&t);
  before_crs(&t);
  before_map(&t);
  before_registers(&t);
  before_storage(&t);
  before_keys(&t);
  before_devices(&t);
  put(&t, "executed", insn[0], insn[t.columns - 1], false);
  after_deed(&t);
  after_numbers(&t);
  after_rest(&t);
}
