/* The terms against the machine: for every instruction, in every behaviour that a
 * profile can give it, what the terms say of very many random states is what the
 * engine does. And the evaluator of the terms against Z3's own.
 *
 * TRAPEZE_STATES=n: n states for each instruction and behaviour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "classify/terms_eval.h"
#include "machine/devices/console.h"
#include "machine/devices/disk.h"
#include "machine/devices/net.h"
#include "tests/unit/classify/states.h"
#include "tests/unit/classify/trying.h"

#define STATES   2000u /* for each instruction and behaviour */
#define LARGE    (1u << 20)
#define MIDDLE   (2 * MACHINE_MIN_STORAGE) /* enough for two directories more */
#define MODEL_OF 4u                        /* states that Z3 evaluates too, for each instruction */

/* ----------------------------------------------------------------- devices */

/* The uninterpreted functions of the terms, by the devices themselves. The name of a
 * state is 0 before and 1 if anything is not as it was. */
struct devices {
  const struct trial_state *s;
};

struct pair {
  struct console *console;
  struct disk *disk;
  struct net *net; /* without a station, as trials have it */
  uint64_t digest;
};

static uint64_t digest_of(const struct pair *p)
{
  return console_digest(p->console) * 3 + disk_digest(p->disk, 0) * 5 + net_digest(p->net, 0);
}

static struct pair open_devices(const struct trial_state *s)
{
  struct pair p = {console_create(), disk_create(0, NULL, NULL), net_create(0, NULL, NULL), 0};
  insist(p.console && p.disk && p.net, "there is memory");
  if (s->input) {
    insist(console_input(p.console, 0, 0, s->input_byte), "there is memory");
    console_fire(p.console, 0);
  }
  disk_port_out(p.disk, 0, 0x10, s->disk_sector);
  disk_port_out(p.disk, 0, 0x11, s->disk_address);
  disk_port_out(p.disk, 0, 0x12, s->disk_count);
  p.digest = digest_of(&p);
  return p;
}

static uint32_t close_devices(struct pair *p)
{
  bool changed = digest_of(p) != p->digest;
  console_destroy(p->console);
  disk_destroy(p->disk);
  net_destroy(p->net);
  return changed;
}

static bool do_in(struct pair *p, uint32_t port, uint32_t *value)
{
  return console_port_in(p->console, 0, port, value) || disk_port_in(p->disk, 0, port, value) ||
         net_port_in(p->net, 0, port, value);
}

static bool exists(void *ctx, uint32_t port)
{
  struct devices *d = ctx;
  struct pair p = open_devices(d->s);
  uint32_t value;
  bool is = do_in(&p, port, &value);
  close_devices(&p);
  return is;
}

static uint32_t in_value(void *ctx, uint32_t devices, uint32_t port)
{
  struct devices *d = ctx;
  struct pair p = open_devices(d->s);
  uint32_t value = 0;
  (void)devices;
  do_in(&p, port, &value);
  close_devices(&p);
  return value;
}

static uint32_t after_in(void *ctx, uint32_t devices, uint32_t port)
{
  struct devices *d = ctx;
  struct pair p = open_devices(d->s);
  uint32_t value;
  (void)devices;
  do_in(&p, port, &value);
  return close_devices(&p);
}

static uint32_t after_out(void *ctx, uint32_t devices, uint32_t port, uint32_t value)
{
  struct devices *d = ctx;
  struct pair p = open_devices(d->s);
  (void)devices;
  if (!console_port_out(p.console, 0, port, value) && !disk_port_out(p.disk, 0, port, value)) {
    net_port_out(p.net, 0, port, value);
  }
  return close_devices(&p);
}

/* ------------------------------------------------------------------- the bench */

struct bench {
  struct profile *profile;
  struct trial_machine *small, *large;
  struct terms *terms;
  struct term_state state;
  struct term_result result;
  struct term_program *program;
  uint64_t tried;
  unsigned differences;
};

static bool bench_open(struct bench *b, const char *lines, enum isa_insn insn)
{
  *b = (struct bench){.profile = trying_profile_of(lines)};
  if (profile_behaviour(b->profile, insn, 0)->kind == PROFILE_ABSENT) {
    profile_destroy(b->profile);
    return false;
  }
  b->small = trial_machine_create(b->profile, MACHINE_MIN_STORAGE, MACHINE_ENGINE_FAST);
  bool bounds = profile_features(b->profile) & ISA_FEATURE_MMU_BOUNDS;
  b->large = trial_machine_create(b->profile, bounds ? LARGE : MIDDLE, MACHINE_ENGINE_FAST);
  b->terms = terms_create(b->profile, insn);
  insist(b->small && b->large && b->terms, "there is memory");
  terms_state(b->terms, 0, 0, &b->state);
  terms_execute(b->terms, &b->state, &b->result);
  b->program = term_compile(b->terms, b->result.output, TERM_OUTPUTS);
  insist(b->program != NULL, "there is memory");
  return true;
}

static void bench_close(struct bench *b)
{
  term_program_destroy(b->program);
  terms_destroy(b->terms);
  trial_machine_destroy(b->small);
  trial_machine_destroy(b->large);
  profile_destroy(b->profile);
}

static void print_state(const struct trial_state *s)
{
  print_message("  q %x pc %x", s->storage, s->pc);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    print_message(" %s=%x", isa_reg_name(i), s->reg[i]);
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    print_message(" %s=%x", isa_cr_info((enum isa_cr)i)->name, s->cr[i]);
  }
  for (unsigned i = 0; i < s->view_count; i++) {
    print_message(" [%x]=%x", s->view[i].at, s->view[i].word);
  }
  for (unsigned i = 0; i < s->map.count; i++) {
    print_message(" %x:%x->%x", s->map.entry[i].space, s->map.entry[i].page, s->map.entry[i].word);
  }
  for (unsigned i = 0; i < s->key_count; i++) {
    print_message(" key[%x]=%x", s->key[i].block, s->key[i].key);
  }
  print_message("\n");
}

static void print_result(const char *who, const struct trial_result *r)
{
  print_message("  %s: trapped %d cause %d value %x epc %x insn %x; pc %x", who, r->trapped,
                r->trap.cause, r->trap.value, r->trap.epc, r->trap.insn, r->pc);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    print_message(" %x", r->reg[i]);
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    print_message(" %s=%x", isa_cr_info((enum isa_cr)i)->name, r->cr[i]);
  }
  print_message(" TLB %d stored %d twice %d [%x]=%x key %d [%x]=%x device %d run %d\n",
                r->tlb_changed, r->stored, r->stored_twice, r->store.at, r->store.word,
                r->key_changed, r->key.block, r->key.key, r->device_changed, r->run_state);
}

/* A byte stored in a word of the view of which only a part lies in storage: what the
 * rest of that word is, nobody says. */
static void forget_what_nobody_says(const struct trial_state *s, struct trial_result *r)
{
  uint32_t pa;
  if (r->stored_twice) {
    r->store.at = 0; /* either of two addresses */
  }
  if (r->stored == TRIAL_STORE_VIEW && !trial_shows(s, r->store.at & ~3u, &pa)) {
    r->store = (struct trial_cell){r->store.at & ~3u, 0};
  }
}

static void try_state(struct bench *b, const struct trial_state *s, bool quiet)
{
  struct devices devices = {s};
  const struct term_devices interpretation = {/* no channels here */
                                              &devices,  exists, in_value, after_in,
                                              after_out, NULL,   NULL,     NULL};
  struct trial_result engine, terms;
  if (!trial_run(s->storage == MACHINE_MIN_STORAGE ? b->small : b->large, s, &engine)) {
    return;
  }
  term_trial(b->program, s, &interpretation, &terms);
  b->tried++;
  forget_what_nobody_says(s, &engine);
  forget_what_nobody_says(s, &terms);
  if (trying_same(&engine, &terms)) {
    return;
  }
  if (b->differences++ == 0 && !quiet) {
    print_state(s);
    print_result("engine", &engine);
    print_result("terms", &terms);
  }
}

static uint64_t states_wanted(void)
{
  const char *wanted = getenv("TRAPEZE_STATES");
  return wanted ? strtoull(wanted, NULL, 10) : STATES;
}

static void try_states(struct bench *b, enum isa_insn insn, uint64_t count, bool quiet)
{
  struct random r = random_from(insn * 1000003u);
  struct trial_state s;
  for (uint64_t given = 0; b->tried < count && given < 4 * count; given++) {
    bool bounds = profile_features(b->profile) & ISA_FEATURE_MMU_BOUNDS;
    uint32_t large = bounds ? LARGE : MIDDLE;
    uint32_t storage = given % 16 == 15 ? large : MACHINE_MIN_STORAGE;
    random_state(&r, b->profile, insn, storage, &s);
    try_state(b, &s, quiet);
  }
}

/* ---------------------------------------------------------- terms and engine */

/* The machines: half of the states are of bounds, with storage keys and without; the rest
 * have pages. */
static const struct machine_kind {
  const char *lines;
  uint32_t features;
  unsigned part; /* of the states: one in so many */
} kinds[] = {
    {"mmu bounds;", ISA_FEATURE_MMU_BOUNDS, 3},
    {"mmu bounds; keys;", ISA_FEATURE_MMU_BOUNDS | ISA_FEATURE_KEYS, 3},
    {"mmu paged;", ISA_FEATURE_MMU_PAGED, 9},
    {"mmu tlb;", ISA_FEATURE_MMU_TLB, 9},
    {"mmu nested; kseg;", ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_NESTED, 9},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Without TRAPEZE_STATES only those of which one kind of access or another is made meet the
 * kinds with pages. */
static bool is_chosen(enum isa_insn insn, const char *behaviour, const struct machine_kind *k)
{
  static const enum isa_insn which[] = {ISA_LW,   ISA_SH,  ISA_POPF,  ISA_PUSHF,  ISA_LPSW,
                                        ISA_MFCR, ISA_LRA, ISA_PROBE, ISA_LDPREV, ISA_STPREV};
  bool chosen = k->features & ISA_FEATURE_MMU_BOUNDS || isa_insn_info(insn)->requires != 0 ||
                getenv("TRAPEZE_STATES") != NULL;
  for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
    chosen = chosen || (which[i] == insn && strcmp(behaviour, "full") == 0);
  }
  return chosen;
}

static bool is_of(enum isa_insn insn, const char *behaviour, const struct machine_kind *k)
{
  uint32_t requires = isa_insn_info(insn)->requires;
  if (!is_chosen(insn, behaviour, k)) {
    return false;
  }
  return requires == 0 || (requires & (k->features | ISA_FEATURE_IO_PORTS)) != 0;
}

static void lines_for(enum isa_insn insn, const char *behaviour, unsigned modes,
                      const struct machine_kind *kind, char *lines, size_t size)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  int len = snprintf(lines, size, "modes %u; io ports; %s", modes, kind->lines);
  if (info->group == ISA_GROUP_SYSTEM) {
    snprintf(lines + len, size - (size_t)len, "outside %s = %s;", info->mnemonic, behaviour);
  }
}

static bool is_there(enum isa_insn insn)
{
  bool any = false;
  for (size_t k = 0; k < KINDS; k++) {
    any = any || is_of(insn, "full", &kinds[k]);
  }
  return any;
}

static void compare_on(enum isa_insn insn, const char *behaviour, unsigned k, uint64_t count,
                       uint64_t *tried)
{
  struct bench b;
  char lines[200];
  lines_for(insn, behaviour, 2 + (insn + k) % 3, &kinds[k], lines, sizeof lines);
  insist(bench_open(&b, lines, insn), "the instruction is there");
  try_states(&b, insn, count, false);
  if (b.differences > 0) {
    fail_msg("%s, %s outside, %s: %u of %" PRIu64 " states differ", isa_insn_info(insn)->mnemonic,
             behaviour, kinds[k].lines, b.differences, b.tried);
  }
  assert_int_equal(b.tried, count);
  *tried += b.tried;
  bench_close(&b);
}

/* What only some of them have gets its states there. */
static void compare(enum isa_insn insn, const char *behaviour, uint64_t *tried)
{
  unsigned of = 0, last = 0;
  uint64_t wanted = states_wanted(), given = 0;
  for (unsigned k = 0; k < KINDS; k++) {
    if (is_of(insn, behaviour, &kinds[k])) {
      of += 9 / kinds[k].part;
      last = k;
    }
  }
  for (unsigned k = 0; k <= last; k++) {
    if (is_of(insn, behaviour, &kinds[k])) {
      uint64_t count = k == last ? wanted - given : wanted * (9 / kinds[k].part) / of;
      compare_on(insn, behaviour, k, count, tried);
      given += count;
    }
  }
}

static void test_agree(void **state)
{
  (void)state;
  uint64_t tried = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    if (!is_there((enum isa_insn)i)) {
      continue;
    }
    for (size_t k = 0; k < info->behaviour_count; k++) {
      compare((enum isa_insn)i, info->behaviours[k].name, &tried);
    }
    if (info->group == ISA_GROUP_SYSTEM) {
      compare((enum isa_insn)i, "trap", &tried);
      compare((enum isa_insn)i, "nop", &tried);
    }
  }
  print_message("%" PRIu64 " states\n", tried);
}

/* ------------------------------------------------------- the comparison can fail */

/* An output of the terms is made wrong in some states; that is seen. */
static void test_wrong_terms(void **state)
{
  (void)state;
  static const char keys[] = "mmu bounds; keys";
  static const struct {
    enum isa_insn insn;
    enum term_output wrong;
    const char *mmu;
  } cases[] = {{ISA_ADD, TERM_REG, keys},
               {ISA_SW, TERM_WORD, keys},
               {ISA_SW, TERM_STORE_AT, keys},
               {ISA_LW, TERM_MEMORY_TRAP, keys},
               {ISA_LW, TERM_VALUE, keys},
               {ISA_LW, TERM_CAUSE, keys},
               {ISA_POPF, TERM_CR + CR_PSW, keys},
               {ISA_MTCR, TERM_CR + CR_VBR, keys},
               {ISA_BEQ, TERM_PC, keys},
               {ISA_WFI, TERM_RUN, keys},
               {ISA_OUT, TERM_DEVICES, keys},
               {ISA_SSK, TERM_KEY, keys},
               {ISA_SSK, TERM_KEY_AT, keys},
               {ISA_TLBW, TERM_TLB, "mmu tlb"},
               {ISA_TLBI, TERM_TLB, "mmu tlb"},
               {ISA_TLBP, TERM_CR + CR_TLBIX, "mmu tlb"},
               {ISA_LW, TERM_MEMORY_TRAP, "mmu paged"},
               {ISA_LRA, TERM_REG, "mmu paged"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct bench b;
    char lines[80];
    snprintf(lines, sizeof lines, "modes 2; io ports; %s;", cases[i].mmu);
    insist(bench_open(&b, lines, cases[i].insn), "it is there");
    Z3_context z = terms_z3(b.terms);
    Z3_ast *out = &b.result.output[cases[i].wrong];
    Z3_sort sort = Z3_get_sort(z, *out);
    *out = Z3_get_sort_kind(z, sort) == Z3_BOOL_SORT ? Z3_mk_not(z, *out) : Z3_mk_bvnot(z, *out);
    term_program_destroy(b.program);
    b.program = term_compile(b.terms, b.result.output, TERM_OUTPUTS);
    try_states(&b, cases[i].insn, 500, true);
    assert_int_not_equal(b.differences, 0);
    bench_close(&b);
  }
}

/* What 3,000 states of an instruction come to: 0 completion, else a trap's cause. */
static void reach(const char *lines, enum isa_insn insn, bool met[ISA_CAUSE_LIMIT], bool *tlb)
{
  struct bench b;
  struct random r = random_from(1);
  insist(bench_open(&b, lines, insn), "it is there");
  for (unsigned i = 0; i < 3000; i++) {
    struct trial_state s;
    struct trial_result result;
    random_state(&r, b.profile, insn, MACHINE_MIN_STORAGE, &s);
    if (trial_run(b.small, &s, &result)) {
      met[result.trapped ? result.trap.cause : 0] = true;
      *tlb = *tlb || result.tlb_changed;
    }
  }
  bench_close(&b);
}

/* The states reach what they should: completion and trap of every kind. */
static void test_states_reach(void **state)
{
  (void)state;
  bool met[ISA_CAUSE_LIMIT] = {false}, pages[ISA_CAUSE_LIMIT] = {false}, tlb = false;
  const enum isa_cause causes[] = {0, CAUSE_PRIVILEGED, CAUSE_ALIGNMENT, CAUSE_PROTECTION,
                                   CAUSE_BUS};
  reach("modes 3; mmu bounds; io ports; keys;", ISA_STPREV, met, &tlb);
  reach("modes 3; mmu paged; io ports;", ISA_STPREV, pages, &tlb);
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
    assert_true(met[causes[i]] && pages[causes[i]]);
  }
  assert_true(met[CAUSE_BOUNDS] && pages[CAUSE_STORE_FAULT] && !tlb);
  reach("modes 3; mmu tlb; io ports;", ISA_TLBI, pages, &tlb);
  assert_true(tlb);
}

/* --------------------------------------------------------- the evaluator and Z3 */

static Z3_ast number(Z3_context z, Z3_sort sort, uint64_t value)
{
  if (Z3_get_sort_kind(z, sort) == Z3_BOOL_SORT) {
    return value ? Z3_mk_true(z) : Z3_mk_false(z);
  }
  return Z3_mk_unsigned_int64(z, value, sort);
}

static void add_map(Z3_context z, Z3_model model, Z3_func_decl decl, unsigned count,
                    const uint64_t (*entry)[2])
{
  Z3_sort range = Z3_get_range(z, decl), domain = Z3_get_domain(z, decl, 0);
  Z3_func_interp f = Z3_add_func_interp(z, model, decl, number(z, range, 0));
  Z3_func_interp_inc_ref(z, f);
  for (unsigned i = 0; i < count; i++) {
    Z3_ast_vector at = Z3_mk_ast_vector(z);
    Z3_ast_vector_inc_ref(z, at);
    Z3_ast_vector_push(z, at, number(z, domain, entry[i][0]));
    Z3_func_interp_add_entry(z, f, at, number(z, range, entry[i][1]));
    Z3_ast_vector_dec_ref(z, at);
  }
  Z3_func_interp_dec_ref(z, f);
}

static void add_maps(const struct bench *b, Z3_model model, const struct trial_state *s)
{
  Z3_context z = terms_z3(b->terms);
  uint64_t entry[ISA_REG_COUNT][2];
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    entry[i][0] = i;
    entry[i][1] = s->reg[i];
  }
  add_map(z, model, b->state.reg, ISA_REG_COUNT, entry);
  for (unsigned i = 0; i < s->view_count; i++) {
    entry[i][0] = s->view[i].at / 4;
    entry[i][1] = s->view[i].word;
  }
  add_map(z, model, b->state.view, s->view_count, entry);
  for (unsigned i = 0; i < s->key_count; i++) {
    entry[i][0] = s->key[i].block;
    entry[i][1] = s->key[i].key;
  }
  add_map(z, model, b->state.key, s->key_count, entry);
}

/* Every constant by its term evaluated; maps by their entries. */
static Z3_model model_of(const struct bench *b, const struct term_input *in)
{
  Z3_context z = terms_z3(b->terms);
  Z3_model model = Z3_mk_model(z);
  Z3_model_inc_ref(z, model);
  for (unsigned i = 0; i < terms_symbol_count(b->terms); i++) {
    Z3_func_decl decl = terms_symbol(b->terms, i)->decl;
    if (Z3_get_domain_size(z, decl) > 0) {
      continue;
    }
    Z3_ast constant = Z3_mk_app(z, decl, 0, NULL);
    struct term_program *p = term_compile(b->terms, &constant, 1);
    insist(p != NULL, "there is memory");
    term_run(p, in);
    Z3_add_const_interp(z, model, decl, number(z, Z3_get_sort(z, constant), term_value(p, 0)));
    term_program_destroy(p);
  }
  add_maps(b, model, in->state[0]);
  return model;
}

static uint64_t by_z3(Z3_context z, Z3_model model, Z3_ast term)
{
  Z3_ast value;
  uint64_t result = 0;
  insist(Z3_model_eval(z, model, term, true, &value), "Z3 evaluates");
  if (Z3_get_sort_kind(z, Z3_get_sort(z, term)) == Z3_BOOL_SORT) {
    return Z3_get_bool_value(z, value) == Z3_L_TRUE;
  }
  insist(Z3_get_numeral_uint64(z, value, &result), "the value is a number");
  return result;
}

static unsigned evaluate_both(struct bench *b, const struct trial_state *s, struct random *r)
{
  Z3_context z = terms_z3(b->terms);
  struct term_input in = {.state = {s, s},
                          .some_reg = random_below(r, ISA_REG_COUNT),
                          .some_word = s->view[random_below(r, s->view_count)].at / 4,
                          .some_key = s->pc >> 11};
  Z3_model model = model_of(b, &in);
  unsigned differences = 0;
  term_run(b->program, &in);
  for (unsigned i = 0; i < TERM_OUTPUTS; i++) {
    Z3_ast term = b->result.output[i];
    differences += term && by_z3(z, model, term) != term_value(b->program, i);
  }
  Z3_model_dec_ref(z, model);
  return differences;
}

static unsigned evaluate_all(enum isa_insn insn, bool wrong)
{
  struct bench b;
  struct random r = random_from(insn + 7u);
  unsigned differences = 0;
  if (isa_insn_info(insn)->requires & ISA_FEATURE_IO_PORTS ||
      !bench_open(&b, "modes 3; mmu bounds; io ports; keys;", insn)) {
    return 0; /* devices are functions that only this test interprets */
  }
  for (unsigned i = 0; i < MODEL_OF; i++) {
    struct trial_state s;
    random_state(&r, b.profile, insn, MACHINE_MIN_STORAGE, &s);
    if (wrong) {
      Z3_context z = terms_z3(b.terms);
      b.result.output[TERM_PC] = Z3_mk_bvnot(z, b.result.output[TERM_PC]);
    }
    differences += evaluate_both(&b, &s, &r);
  }
  bench_close(&b);
  return differences;
}

static void test_evaluator(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    assert_int_equal(evaluate_all((enum isa_insn)i, false), 0);
  }
  assert_int_not_equal(evaluate_all(ISA_ADD, true), 0);
}

/* --------------------------------------------------- operations, one by one */

typedef Z3_ast binary_fn(Z3_context z, Z3_ast x, Z3_ast y);

static uint64_t corner(struct random *r, unsigned width)
{
  uint64_t value = (uint64_t)random_word(r) << 32;
  value |= random_word(r);
  switch (random_below(r, 4)) {
  case 0:
    value = random_below(r, 3) - UINT64_C(1);
    break;
  case 1:
    value = (UINT64_C(1) << (width - 1)) - random_below(r, 2);
    break;
  case 2:
    value = random_below(r, 2 * width);
    break;
  default:
    break;
  }
  return value & UINT64_MAX >> (64 - width);
}

/* What the evaluator makes of a term without symbols, and what Z3 does. */
static bool same_value(const struct terms *t, Z3_ast term)
{
  Z3_context z = terms_z3(t);
  struct term_input in = {{NULL, NULL}, 0, 0, 0, NULL, NULL, 0};
  struct term_program *p = term_compile(t, &term, 1);
  insist(p != NULL, "there is memory");
  term_run(p, &in);
  uint64_t ours = term_value(p, 0), theirs = 0;
  term_program_destroy(p);
  Z3_ast value = Z3_simplify(z, term);
  if (Z3_get_sort_kind(z, Z3_get_sort(z, term)) == Z3_BOOL_SORT) {
    theirs = Z3_get_bool_value(z, value) == Z3_L_TRUE;
  } else {
    insist(Z3_get_numeral_uint64(z, value, &theirs), "Z3 simplifies to a number");
  }
  return ours == theirs;
}

static void try_operations(const struct terms *t, struct random *r, unsigned width)
{
  static binary_fn *const binary[] = {
      Z3_mk_bvadd,  Z3_mk_bvsub,  Z3_mk_bvmul,  Z3_mk_bvand,  Z3_mk_bvor,   Z3_mk_bvxor,
      Z3_mk_bvshl,  Z3_mk_bvlshr, Z3_mk_bvashr, Z3_mk_bvudiv, Z3_mk_bvsdiv, Z3_mk_bvurem,
      Z3_mk_bvsrem, Z3_mk_bvult,  Z3_mk_bvule,  Z3_mk_bvugt,  Z3_mk_bvuge,  Z3_mk_bvslt,
      Z3_mk_bvsle,  Z3_mk_bvsgt,  Z3_mk_bvsge,  Z3_mk_eq,     Z3_mk_concat};
  Z3_context z = terms_z3(t);
  Z3_sort sort = Z3_mk_bv_sort(z, width);
  Z3_ast x = Z3_mk_unsigned_int64(z, corner(r, width), sort);
  Z3_ast y = Z3_mk_unsigned_int64(z, corner(r, width), sort);
  for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
    assert_true(same_value(t, binary[i](z, x, y)));
  }
  Z3_ast less = Z3_mk_bvult(z, x, y), equal = Z3_mk_eq(z, x, y);
  Z3_ast both[] = {less, equal};
  assert_true(same_value(t, Z3_mk_not(z, less)));
  assert_true(same_value(t, Z3_mk_and(z, 2, both)));
  assert_true(same_value(t, Z3_mk_or(z, 2, both)));
  assert_true(same_value(t, Z3_mk_ite(z, less, x, y)));
  assert_true(same_value(t, Z3_mk_bvneg(z, x)));
  assert_true(same_value(t, Z3_mk_bvnot(z, x)));
  assert_true(same_value(t, Z3_mk_sign_ext(z, 7, x)));
  assert_true(same_value(t, Z3_mk_zero_ext(z, 7, x)));
  assert_true(same_value(t, Z3_mk_extract(z, width - 1, width / 2, x)));
}

static void test_operations(void **state)
{
  (void)state;
  struct profile *profile = trying_profile("pg");
  struct terms *t = terms_create(profile, ISA_ADD);
  struct random r = random_from(5);
  insist(t != NULL, "there is memory");
  for (unsigned i = 0; i < 400; i++) {
    try_operations(t, &r, 1 + i % 32);
  }
  terms_destroy(t);
  profile_destroy(profile);
}

int main(void)
{
  /* Machines and solvers come and go by the hundred; the heap keeps what they had. */
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_agree),        cmocka_unit_test(test_wrong_terms),
      cmocka_unit_test(test_states_reach), cmocka_unit_test(test_evaluator),
      cmocka_unit_test(test_operations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
