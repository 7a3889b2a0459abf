/* Each run that the fast engine does with one dispatch, met as it is listed and compared with
 * the plain stepper and the unfused engine: in the middle and at the end of a page, with data
 * and addresses that trap at any of its instructions, with a timer at any of them, jumped into,
 * and with words of it changed. */
#include "cmocka_all.h"
#include "machine/bare.h"
#include "programs.h"
#include "random.h"

enum { STEPPER, UNFUSED, FUSED, ENGINES };
enum { CODE = 0x3000, DATA = 0x6000, DATA_WORDS = 64, VARIANTS = 4, PIECES = 12 };

static const struct run runs[ENGINE_RUN_COUNT] = {ENGINE_RUN_ROWS};

/* Mostly registers that are not pointers; these are s0 and s1. */
static unsigned any_reg(uint64_t *seed)
{
  static const uint8_t regs[] = {REG_A0, REG_A1, REG_A2, REG_A3, REG_A4, REG_T0, REG_T1};
  return regs[random_below(seed, sizeof regs)];
}

static bool is_memory(enum isa_insn insn)
{
  return insn >= ISA_LB && insn <= ISA_SW;
}

static uint32_t reach(uint64_t *seed, unsigned form, uint32_t index)
{
  uint32_t ahead = CODE_PAGE_WORDS - 1 - index;
  switch (form & FORM_REACH) {
  case FORM_AHEAD:
    return 4 * (1 + (ahead > 1 ? random_below(seed, ahead < 40 ? ahead : 40) : 0));
  case FORM_BACK:
    return 4 * (0 - random_below(seed, index < 40 ? index + 1 : 40));
  default:
    return 4 * (random_below(seed, 2) ? ahead + 1 + random_below(seed, 20)
                                      : 0 - (index + 1 + random_below(seed, 20)));
  }
}

/* One of the run's, at this slot of the page; `before`: the register that the one before has
 * written. Addresses are mostly within the data. */
static uint32_t word_of(uint64_t *seed, const struct run *run, unsigned i, uint32_t index,
                        unsigned *before)
{
  struct isa_decoded d = {.insn = run->insn[i],
                          .a = (uint8_t)any_reg(seed),
                          .b = (uint8_t)any_reg(seed),
                          .c = (uint8_t)any_reg(seed)};
  bool last = i + 1u == run->count;
  if (is_memory(d.insn) && random_below(seed, 4) > 0) {
    d.b = random_below(seed, 2) ? REG_S0 : REG_S1;
  }
  d.a = last && run->form & FORM_GONE ? REG_ZERO : d.a;
  uint8_t *operand[] = {[KNOWN_A] = &d.a, [KNOWN_B] = &d.b, [KNOWN_C] = &d.c};
  if (run->known[i] != KNOWN_NONE) {
    *operand[run->known[i]] = (uint8_t)*before;
  }
  const struct isa_format_info *format = isa_format_info(isa_insn_info(d.insn)->format);
  const struct isa_operand *o = &format->operands[format->operand_count - 1];
  if (o->kind == ISA_OPERAND_REL) {
    d.imm = reach(seed, run->form, index);
  } else if (o->kind == ISA_OPERAND_UPPER) {
    d.imm = random_below(seed, 8) << 12;
  } else if (o->kind == ISA_OPERAND_UIMM) {
    d.imm = random_below(seed, 6);
  } else if (o->kind == ISA_OPERAND_SIMM) {
    d.imm = 4 * random_below(seed, 16) - 8 * random_below(seed, 2) + (random_below(seed, 12) == 0);
  }
  *before = d.a;
  uint32_t word = 0;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

struct place {
  uint32_t index; /* of the run's first slot, in the page at CODE */
  uint32_t word[ENGINE_RUN_MAX];
};

/* The page around it counts on, and goes back to the run now and then. */
static void write_page(struct machine *m, const struct place *p, unsigned count)
{
  for (uint32_t i = 0; i < 2 * CODE_PAGE_WORDS; i++) {
    uint32_t word = program_word(ISA_ADDI, REG_A0 + i % 5, REG_A0 + i % 3, 0, i % 3);
    if (i % 16 == 15) {
      word = program_word(ISA_JAL, REG_ZERO, 0, 0, 4 * (p->index - i));
    }
    machine_phys_write_word(m, gpa(CODE + 4 * i), word);
  }
  program_put(m, CODE + 4 * p->index, p->word, count);
}

/* Whatever traps goes on with the run, after a time. */
static void write_rest(struct machine *m, const struct place *p, uint64_t seed)
{
  for (uint32_t cause = 0; cause < 64; cause++) {
    machine_phys_write_word(m, gpa(4 * cause), 0x800);
  }
  const uint32_t handler[] = {program_word(ISA_ADDI, REG_T2, REG_T2, 0, 1),
                              program_word(ISA_ANDI, REG_A1, REG_A1, 0, 0xfc),
                              program_word(ISA_ADDI, REG_A3, REG_S0, 0, 8),
                              program_word(ISA_JAL, REG_ZERO, 0, 0, CODE + 4 * p->index - 0x80c)};
  program_put(m, 0x800, handler, sizeof handler / sizeof *handler);
  for (uint32_t i = 0; i < DATA_WORDS; i++) {
    uint32_t code = CODE + 4 * p->index + 4 * random_below(&seed, 24);
    uint32_t value = random_below(&seed, 3) ? code : random_next(&seed);
    machine_phys_write_word(m, gpa(DATA + 4 * i), value);
  }
}

static void write_state(struct machine *m, const struct place *p, uint64_t seed)
{
  machine_set_cr(m, CR_PSW, random_below(&seed, 2) ? PSW_IE_MASK : 0);
  machine_set_cr(m, CR_TIMER, random_below(&seed, 60));
  machine_set_pc(m, CODE + 4 * p->index);
  for (unsigned reg = REG_ZERO + 1; reg < ISA_REG_COUNT; reg++) {
    uint32_t near = DATA + 4 * random_below(&seed, DATA_WORDS);
    machine_set_reg(m, reg, random_below(&seed, 3) ? near : random_below(&seed, 70000));
  }
  machine_set_reg(m, REG_S0, DATA + 4 * random_below(&seed, 8));
  /* The other one may point at the run itself. */
  uint32_t code = CODE + 4 * (p->index + random_below(&seed, 6));
  machine_set_reg(m, REG_S1, random_below(&seed, 4) ? DATA : code);
}

static struct place choose(uint64_t *seed, const struct run *run)
{
  struct place p = {.index = random_below(seed, 5)
                                 ? 30 + random_below(seed, CODE_PAGE_WORDS - 80)
                                 : CODE_PAGE_WORDS - run->count - random_below(seed, 2)};
  unsigned before = REG_ZERO;
  for (unsigned i = 0; i < run->count; i++) {
    p.word[i] = word_of(seed, run, i, p.index + i, &before);
  }
  return p;
}

/* Whether the slot goes where the list has this run. */
static bool is_run_at(struct machine *m, const struct run *run, uint32_t index)
{
  const struct bare *b = bare_of(m);
  const struct code_page *page = b->storage.page[CODE / ISA_PAGE_SIZE].code;
  return page && page->slot[index].go == b->code.labels->run[run - runs];
}

static void assert_alike(struct program *p, uint64_t until, uint64_t seed, const struct run *run)
{
  uint64_t hash[ENGINES];
  for (unsigned i = 0; i < ENGINES; i++) {
    machine_advance(p[i].machine, until);
    hash[i] = machine_state_hash(p[i].machine);
  }
  if (hash[UNFUSED] != hash[STEPPER] || hash[FUSED] != hash[STEPPER]) {
    fail_msg("run %d of %u, seed %llu, tick %llu: fused %s, unfused %s", (int)(run - runs),
             ENGINE_RUN_COUNT, (unsigned long long)seed, (unsigned long long)until,
             hash[FUSED] == hash[STEPPER] ? "right" : "wrong",
             hash[UNFUSED] == hash[STEPPER] ? "right" : "wrong");
  }
}

/* One of the run's words becomes another, or the first of another run. */
static void change_word(struct program *p, const struct place *place, const struct run *run,
                        uint64_t *seed)
{
  uint32_t i = random_below(seed, run->count);
  const struct run *other = &runs[random_below(seed, ENGINE_RUN_COUNT)];
  unsigned before = REG_ZERO;
  uint32_t word =
      random_below(seed, 2) ? place->word[i] : word_of(seed, other, 0, place->index + i, &before);
  for (unsigned k = 0; k < ENGINES; k++) {
    machine_phys_write_word(p[k].machine, gpa(CODE + 4 * (place->index + i)), word);
  }
}

/* True: the fused engine did it as one. */
static bool try(struct program *p, const struct run *run, uint64_t seed)
{
  uint64_t own = seed;
  struct place place = choose(&seed, run);
  uint64_t until = machine_tick(p[STEPPER].machine);
  bool met = false;
  for (unsigned i = 0; i < ENGINES; i++) {
    write_page(p[i].machine, &place, run->count);
    write_rest(p[i].machine, &place, seed);
    machine_set_run_state(p[i].machine, MACHINE_RUNNING);
    write_state(p[i].machine, &place, seed);
  }
  for (unsigned n = 0; n < PIECES; n++) {
    until += n % 3 == 2 ? 1 : random_below(&seed, n % 2 ? 1400 : 12);
    assert_alike(p, until, own, run);
    met = met || (n < PIECES / 2 && is_run_at(p[FUSED].machine, run, place.index));
    if (n >= PIECES / 2) {
      change_word(p, &place, run, &seed);
    }
  }
  return met;
}

static void create(struct program *p)
{
  static const enum machine_engine engines[] = {MACHINE_ENGINE_STEPPER, MACHINE_ENGINE_UNFUSED,
                                                MACHINE_ENGINE_FAST};
  for (unsigned i = 0; i < ENGINES; i++) {
    program_create(&p[i], 1, engines[i]);
  }
}

/* More than one try, since a store may change the run before it can be seen. */
static void test_each_run(void **state)
{
  struct program p[ENGINES];
  (void)state;
  create(p);
  for (unsigned i = 0; i < ENGINE_RUN_COUNT; i++) {
    unsigned met = 0;
    for (unsigned k = 0; k < VARIANTS || (met == 0 && k < 10 * VARIANTS); k++) {
      met += try(p, &runs[i], i * 1000 + k);
    }
    if (met == 0) {
      fail_msg("run %u is never met", i);
    }
  }
  for (unsigned i = 0; i < ENGINES; i++) {
    program_destroy(&p[i]);
  }
}

/* A run hands on the register that the one before has written: so that one writes it. */
static void test_known_is_written(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ENGINE_RUN_COUNT; i++) {
    for (unsigned k = 1; k < runs[i].count; k++) {
      enum isa_insn before = runs[i].insn[k - 1];
      bool branch = before >= ISA_BEQ && before <= ISA_BGEU;
      bool store = before >= ISA_SB && before <= ISA_SW;
      assert_true(runs[i].known[k] == KNOWN_NONE || !(branch || store));
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_run),
      cmocka_unit_test(test_known_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
