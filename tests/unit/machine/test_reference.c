/* Every user instruction of the machine against the separately written
 * reference: edge values one instruction at a time, then random programs, with
 * each engine, in the privileged mode and in relocated user mode. Registers,
 * pc, PSW, tick, storage and the trap that ends a run must agree.
 */
#include "cmocka_all.h"
#include "random.h"
#include "reference.h"

#include <stdio.h>

#include "machine/machine.h"

#define STORAGE    MACHINE_MIN_STORAGE
#define CODE       0x1000u /* addresses as the program sees them */
#define CODE_WORDS 512u
#define AT         16u /* the word that a single instruction is put at */
#define DATA       0x2000u
#define DATA_SIZE  256u

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Where the program's storage lies, and in which mode it runs. */
struct world {
  const char *name;
  bool user;
  uint32_t base, size;
  enum isa_cause outside;
};

static const struct world worlds[] = {
    {"privileged", false, 0, STORAGE, CAUSE_BUS},
    {"user", true, 0x4000, 0x8000, CAUSE_BOUNDS},
    {"user, pages cut", true, 0x4006, 0x7103, CAUSE_BOUNDS},
};

static const struct {
  const char *name;
  enum machine_engine engine;
} engines[] = {
    {"fast", MACHINE_ENGINE_FAST},
    {"unfused", MACHINE_ENGINE_UNFUSED},
    {"stepper", MACHINE_ENGINE_STEPPER},
};

/* A reference made wrong on purpose, about one instruction. */
struct wrong {
  enum { WRONG_NOT, WRONG_INSTEAD, WRONG_RESULT, WRONG_PC, WRONG_C, WRONG_V, WRONG_MEMORY } how;
  enum isa_insn about, instead;
};

struct bench {
  const struct world *world;
  struct machine *m;
  struct profile *profile;
  struct isa_decoded code[CODE_WORDS];
  uint8_t storage[STORAGE]; /* as it should be */
  struct reference before, after;
  struct wrong wrong;
  uint64_t runs;
  bool quiet; /* a difference is expected */
  unsigned differences;
};

/* ----------------------------------------------------------------- the bench */

static const struct isa_decoded stop_insn = {.insn = ISA_SYS};

static uint32_t word_of(const struct isa_decoded *insn)
{
  uint32_t word = 0;
  assert_int_equal(isa_encode(insn, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

static void put_word(struct bench *b, uint32_t address, uint32_t word)
{
  uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                      (uint8_t)(word >> 24)};
  memcpy(b->storage + b->world->base + address, bytes, 4);
  assert_true(machine_phys_write(b->m, gpa(b->world->base + address), bytes, 4));
}

static void put_insn(struct bench *b, uint32_t index, const struct isa_decoded *insn)
{
  b->code[index] = *insn;
  put_word(b, CODE + 4 * index, word_of(insn));
}

static void put_data(struct bench *b)
{
  for (uint32_t i = 0; i < DATA_SIZE; i++)
    b->storage[b->world->base + DATA + i] = (uint8_t)(0x7e + 37 * i);
  assert_true(machine_phys_write(b->m, gpa(b->world->base + DATA),
                                 b->storage + b->world->base + DATA, DATA_SIZE));
}

static void bench_open(struct bench *b, const struct world *world, enum machine_engine engine)
{
  memset(b, 0, sizeof *b);
  b->world = world;
  b->profile = profile_load("pg", stderr);
  assert_non_null(b->profile);
  b->m = machine_create(
      &(struct machine_config){.profile = b->profile, .storage = STORAGE, .engine = engine}, NULL);
  assert_non_null(b->m);
  uint32_t stop = word_of(&stop_insn);
  for (uint32_t at = 0; at + 4 <= world->size; at += 4)
    put_word(b, at, stop);
  for (uint32_t i = 0; i < CODE_WORDS; i++)
    b->code[i] = stop_insn;
  put_data(b);
  machine_set_cr(b->m, CR_BASE, world->base);
  machine_set_cr(b->m, CR_BOUND, world->size);
  b->before.memory = b->storage + world->base;
  b->before.size = world->size;
}

static void bench_close(struct bench *b)
{
  machine_destroy(b->m);
  profile_destroy(b->profile);
}

/* ------------------------------------------------------- what should happen */

struct expectation {
  uint64_t ticks;
  bool trapped;
  struct trap trap;
};

static enum reference_outcome execute(struct bench *b, const struct isa_decoded *insn,
                                      uint32_t *address)
{
  struct reference *r = &b->after;
  if (b->wrong.how == WRONG_NOT || b->wrong.about != insn->insn)
    return reference_execute(r, insn, address);
  struct isa_decoded other = *insn;
  if (b->wrong.how == WRONG_INSTEAD)
    other.insn = b->wrong.instead;
  enum reference_outcome outcome = reference_execute(r, &other, address);
  if (outcome != REFERENCE_DONE)
    return outcome;
  if (b->wrong.how == WRONG_RESULT && insn->a != 0)
    r->regs[insn->a] ^= 1;
  r->pc ^= b->wrong.how == WRONG_PC ? 4 : 0;
  r->c ^= b->wrong.how == WRONG_C;
  r->v ^= b->wrong.how == WRONG_V;
  r->memory[DATA + 200] ^= b->wrong.how == WRONG_MEMORY;
  return outcome;
}

static bool is_store(enum isa_insn insn)
{
  return insn == ISA_SB || insn == ISA_SH || insn == ISA_SW;
}

/* Code that is stored into is another test's matter: the reference does not
 * decode. Nor does it execute what is no code. */
static bool leaves_the_reference(const struct bench *b, uint32_t pc)
{
  if (pc >= DATA && pc < DATA + DATA_SIZE)
    return true;
  if (pc < CODE || pc >= CODE + 4 * CODE_WORDS)
    return false;
  const struct isa_decoded *insn = &b->code[(pc - CODE) / 4];
  uint32_t to = b->after.regs[insn->b] + insn->imm;
  return is_store(insn->insn) && (to < DATA || to >= DATA + DATA_SIZE) && to < b->world->size;
}

static bool fetch_fails(const struct bench *b, struct expectation *e)
{
  uint32_t pc = b->after.pc;
  bool outside = (uint64_t)pc + 4 > b->world->size;
  if (pc % 4 == 0 && !outside)
    return false;
  e->trapped = true;
  e->trap = (struct trap){
      .cause = pc % 4 != 0 ? CAUSE_ALIGNMENT : b->world->outside, .epc = pc, .value = pc};
  return true;
}

/* Runs the reference from `before` to `after`. */
static struct expectation expect(struct bench *b, uint64_t limit)
{
  struct expectation e = {0};
  b->after = b->before;
  while (e.ticks < limit && !fetch_fails(b, &e) && !leaves_the_reference(b, b->after.pc)) {
    uint32_t pc = b->after.pc, address = 0;
    bool in_code = pc >= CODE && pc < CODE + 4 * CODE_WORDS;
    const struct isa_decoded *insn = in_code ? &b->code[(pc - CODE) / 4] : &stop_insn;
    enum reference_outcome outcome = execute(b, insn, &address);
    if (outcome == REFERENCE_DONE) {
      e.ticks++;
      continue;
    }
    e.trapped = true;
    e.trap = (struct trap){.cause = outcome == REFERENCE_MISALIGNED ? CAUSE_ALIGNMENT
                                    : outcome == REFERENCE_OUTSIDE  ? b->world->outside
                                                                    : CAUSE_SYSCALL,
                           .epc = pc,
                           .value = outcome == REFERENCE_NOT_USER ? 0 : address,
                           .insn = word_of(insn)};
    break;
  }
  return e;
}

/* ---------------------------------------------------------------- comparing */

static uint32_t psw_of(const struct bench *b, const struct reference *r)
{
  uint32_t psw = psw_set_mode(0, b->world->user ? profile_user_mode(b->profile) : 0);
  return psw_set_v(psw_set_c(psw_set_te(psw, b->world->user), r->c), r->v);
}

static void load_state(struct bench *b)
{
  for (unsigned i = 1; i < REFERENCE_REGS; i++)
    machine_set_reg(b->m, i, b->before.regs[i]);
  machine_set_pc(b->m, b->before.pc);
  machine_set_cr(b->m, CR_PSW, psw_of(b, &b->before));
}

static void differ(struct bench *b, const char *what, uint64_t expected, uint64_t got)
{
  if (++b->differences > 20 || b->quiet)
    return;
  char text[80];
  uint32_t at = (b->before.pc - CODE) / 4 % CODE_WORDS;
  isa_print(text, sizeof text, word_of(&b->code[at]), b->before.pc, NULL, NULL);
  print_error("%s: after '%s' at 0x%x: %s is 0x%llx, the reference says 0x%llx\n", b->world->name,
              text, b->before.pc, what, (unsigned long long)got, (unsigned long long)expected);
  for (unsigned i = 1; i < REFERENCE_REGS && b->differences == 1; i++)
    print_error("  %s was 0x%x\n", isa_reg_name(i), b->before.regs[i]);
}

static void check(struct bench *b, const char *what, uint64_t expected, uint64_t got)
{
  if (expected != got)
    differ(b, what, expected, got);
}

static void compare_storage(struct bench *b, uint32_t from, uint32_t size)
{
  uint8_t got[STORAGE];
  assert_true(machine_phys_read(b->m, gpa(from), got, size));
  if (memcmp(got, b->storage + from, size) == 0)
    return;
  for (uint32_t i = 0; i < size; i++)
    if (got[i] != b->storage[from + i]) {
      differ(b, "a byte of storage", b->storage[from + i], got[i]);
      break;
    }
  memcpy(b->storage + from, got, size); /* told once */
}

static void compare(struct bench *b, const struct expectation *e, uint64_t start,
                    const struct machine_stop *stop)
{
  for (unsigned i = 0; i < REFERENCE_REGS; i++)
    check(b, isa_reg_name(i), b->after.regs[i], machine_get_reg(b->m, i));
  check(b, "pc", b->after.pc, machine_get_pc(b->m));
  check(b, "psw", psw_of(b, &b->after), machine_get_cr(b->m, CR_PSW));
  check(b, "the number of ticks", e->ticks, machine_tick(b->m) - start);
  check(b, "the reason to stop", e->trapped ? MACHINE_TRAP : MACHINE_LIMIT, stop->why);
  if (e->trapped && stop->why == MACHINE_TRAP) {
    check(b, "the cause", e->trap.cause, stop->trap.cause);
    check(b, "the trap's epc", e->trap.epc, stop->trap.epc);
    check(b, "the trap's value", e->trap.value, stop->trap.value);
    check(b, "the trap's instruction", e->trap.insn, stop->trap.insn);
  }
  compare_storage(b, b->world->base + DATA, DATA_SIZE);
}

/* From `before`, at most `limit` ticks; `after` is what the reference makes of it. */
static void run(struct bench *b, uint64_t limit)
{
  struct expectation e = expect(b, limit);
  uint64_t start = machine_tick(b->m);
  load_state(b);
  /* Where a trap is to end it, there is time to spare, so the engine may go fast. */
  struct machine_stop stop = machine_run(b->m, start + e.ticks + (e.trapped ? 100000 : 0));
  compare(b, &e, start, &stop);
  if (++b->runs % 256 == 0)
    compare_storage(b, 0, STORAGE);
}

/* ------------------------------------------------------------- edge values */

static const uint32_t edges[] = {
    0,          1,          2,          3,          4,          31,         32,
    33,         0x7f,       0x80,       0xff,       0x7fff,     0x8000,     0xffff,
    0x10000,    0x55555555, 0xaaaaaaaa, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
    0xffff7fff, 0xffff8000, 0xffffff80, 0xfffffffe, 0xffffffff,
};
static const uint32_t immediates[] = {
    0,
    1,
    4,
    31,
    0x7f,
    0x80,
    0x7ff,
    0x7ffe,
    0x7fff,
    (uint32_t)-1,
    (uint32_t)-4,
    (uint32_t)-128,
    (uint32_t)-32767,
    (uint32_t)-32768,
};
/* Registers: all different, destination among the sources, zero as each of them. */
static const uint8_t shapes3[][3] = {
    {5, 6, 7}, {6, 6, 7}, {7, 6, 7}, {5, 6, 6}, {6, 6, 6},
    {0, 6, 7}, {5, 0, 7}, {5, 6, 0}, {0, 0, 0}, {15, 14, 13},
};
static const uint8_t shapes2[][2] = {{5, 6}, {6, 6}, {0, 6}, {5, 0}, {0, 0}, {15, 14}};

static void fresh_registers(struct bench *b, uint64_t *seed)
{
  for (unsigned i = 1; i < REFERENCE_REGS; i++)
    b->before.regs[i] = random_next(seed);
  b->before.pc = CODE + 4 * AT;
  b->before.c = random_next(seed) & 1;
  b->before.v = random_next(seed) & 1;
}

static void set_reg(struct bench *b, unsigned reg, uint32_t value)
{
  if (reg != 0)
    b->before.regs[reg] = value;
}

static void edges_three(struct bench *b, struct isa_decoded insn, uint64_t *seed)
{
  for (size_t s = 0; s < COUNT(shapes3); s++) {
    insn.a = shapes3[s][0], insn.b = shapes3[s][1], insn.c = shapes3[s][2];
    put_insn(b, AT, &insn);
    /* All pairs in the first shape, a third of them in each of the others. */
    for (size_t i = s % 3; i < COUNT(edges); i += s == 0 ? 1 : 3)
      for (size_t j = 0; j < COUNT(edges); j++)
        for (unsigned flags = 0; flags < 4; flags++) {
          fresh_registers(b, seed);
          set_reg(b, insn.b, edges[i]);
          set_reg(b, insn.c, edges[j]);
          b->before.c = flags & 1;
          b->before.v = flags >> 1;
          run(b, 20);
          if (insn.insn != ISA_ADDC && insn.insn != ISA_SUBC)
            break; /* the flags are none of its business: at random is enough */
        }
  }
}

static void edges_immediate(struct bench *b, struct isa_decoded insn, const uint32_t *imms,
                            size_t count, uint64_t *seed)
{
  for (size_t s = 0; s < COUNT(shapes2); s++)
    for (size_t i = 0; i < count; i++) {
      insn.a = shapes2[s][0], insn.b = shapes2[s][1], insn.imm = imms[i];
      put_insn(b, AT, &insn);
      for (size_t j = 0; j < COUNT(edges); j++) {
        fresh_registers(b, seed);
        set_reg(b, insn.b, edges[j]);
        run(b, 20);
      }
    }
}

/* Addresses in the data, at every alignment, across its sign bits, and at the
 * ends of what can be addressed; reached by several sums. */
static void edges_memory(struct bench *b, struct isa_decoded insn, uint64_t *seed)
{
  const uint32_t addresses[] = {
      DATA,
      DATA + 1,
      DATA + 2,
      DATA + 3,
      DATA + 4,
      DATA + 7,
      DATA + 64,
      DATA + 66,
      DATA + 100,
      DATA + 129,
      DATA + DATA_SIZE - 4,
      b->world->size - 4,
      b->world->size - 3,
      b->world->size - 2,
      b->world->size - 1,
      b->world->size,
      b->world->size + 4,
      0x7ffffffc,
      0x80000000,
      0xfffffffc,
      0xffffffff,
  };
  for (size_t s = 0; s < COUNT(shapes2); s++)
    for (size_t i = 0; i < COUNT(immediates); i++) {
      insn.a = shapes2[s][0], insn.b = shapes2[s][1], insn.imm = immediates[i];
      put_insn(b, AT, &insn);
      for (size_t j = 0; j < COUNT(addresses); j++) {
        fresh_registers(b, seed);
        set_reg(b, insn.b, addresses[j] - insn.imm);
        run(b, 20);
      }
    }
  put_data(b);
}

static void edges_branch(struct bench *b, struct isa_decoded insn, uint64_t *seed)
{
  const uint32_t offsets[] = {4, 8, 0, (uint32_t)-4, 4 * 100, 0x1fffc, (uint32_t)-0x20000};
  for (size_t s = 0; s < COUNT(shapes2); s++)
    for (size_t o = 0; o < COUNT(offsets); o++) {
      insn.a = shapes2[s][0], insn.b = shapes2[s][1], insn.imm = offsets[o];
      put_insn(b, AT, &insn);
      for (size_t i = o % 5; i < COUNT(edges); i += s + o == 0 ? 1 : 5)
        for (size_t j = 0; j < COUNT(edges); j++) {
          fresh_registers(b, seed);
          set_reg(b, insn.a, edges[i]);
          set_reg(b, insn.b, edges[j]);
          run(b, 5);
        }
    }
}

static void edges_one(struct bench *b, struct isa_decoded insn, const uint32_t *imms, size_t count,
                      uint64_t *seed)
{
  for (size_t i = 0; i < count; i++)
    for (unsigned a = 0; a < 16; a += 5) {
      insn.a = (uint8_t)a, insn.imm = imms[i];
      put_insn(b, AT, &insn);
      fresh_registers(b, seed);
      run(b, 5);
    }
}

/* Jumps to where code is, to where it is not, and to odd addresses. */
static void edges_jalr(struct bench *b, struct isa_decoded insn, uint64_t *seed)
{
  const uint32_t targets[] = {
      CODE + 4 * AT + 4,    CODE,       CODE + 1, CODE + 2, CODE + 3, b->world->size - 4,
      b->world->size & ~3u, 0xfffffffc, 0,        1};
  edges_immediate(b, insn, immediates, COUNT(immediates), seed);
  for (size_t s = 0; s < COUNT(shapes2); s++)
    for (size_t i = 0; i < COUNT(immediates); i++)
      for (size_t t = 0; t < COUNT(targets); t++) {
        insn.a = shapes2[s][0], insn.b = shapes2[s][1], insn.imm = immediates[i];
        put_insn(b, AT, &insn);
        fresh_registers(b, seed);
        set_reg(b, insn.b, targets[t] - insn.imm);
        run(b, 20);
      }
}

static void edges_of(struct bench *b, enum isa_insn which, uint64_t *seed)
{
  static const uint32_t uppers[] = {0, 0x1000, 0x7ffff000, 0x80000000, 0xfffff000, 0x12345000};
  static const uint32_t offsets[] = {4, 0, 40, (uint32_t)-64, 0x1ffffc, (uint32_t)-0x200000};
  const struct isa_insn_info *info = isa_insn_info(which);
  struct isa_decoded insn = {.insn = which};
  bool memory = strchr(info->shape, '(') != NULL;
  uint32_t amounts[32];
  for (uint32_t i = 0; i < 32; i++)
    amounts[i] = i;

  switch (info->format) {
  case FORMAT_RRR:
    edges_three(b, insn, seed);
    break;
  case FORMAT_RRU:
    edges_immediate(b, insn, amounts, 32, seed);
    break;
  case FORMAT_RRI:
    if (which == ISA_JALR)
      edges_jalr(b, insn, seed);
    else if (memory)
      edges_memory(b, insn, seed);
    else
      edges_immediate(b, insn, immediates, COUNT(immediates), seed);
    break;
  case FORMAT_RRB:
    edges_branch(b, insn, seed);
    break;
  case FORMAT_RJ:
    edges_one(b, insn, offsets, COUNT(offsets), seed);
    break;
  case FORMAT_RUPPER:
    edges_one(b, insn, uppers, COUNT(uppers), seed);
    break;
  default:
    fail_msg("'%s' has a format that this test does not know", info->mnemonic);
  }
  put_insn(b, AT, &stop_insn);
  compare_storage(b, 0, STORAGE);
}

static void test_edge_values(void **state)
{
  (void)state;
  static struct bench b;
  for (size_t w = 0; w < COUNT(worlds); w++)
    for (size_t e = 0; e < COUNT(engines); e++) {
      uint64_t seed = 1 + 16 * w + e;
      bench_open(&b, &worlds[w], engines[e].engine);
      for (unsigned i = 0; i < ISA_INSN_COUNT && b.differences < 10; i++)
        if (isa_insn_info(i)->group == ISA_GROUP_USER)
          edges_of(&b, i, &seed);
      if (b.differences > 0)
        fail_msg("the %s engine differs from the reference", engines[e].name);
      assert_true(b.runs > 80000);
      bench_close(&b);
    }
}

/* ----------------------------------------------------------- random programs */

static enum isa_insn random_user_insn(uint64_t *seed)
{
  for (;;) {
    enum isa_insn insn = (enum isa_insn)random_below(seed, ISA_INSN_COUNT);
    if (isa_insn_info(insn)->group == ISA_GROUP_USER &&
        (insn != ISA_JALR || random_below(seed, 8) == 0))
      return insn;
  }
}

/* Few registers, so that results are used; s0 points to the data and s1 to the
 * code, mostly left alone. */
static uint8_t random_reg(uint64_t *seed, bool destination)
{
  static const uint8_t some[] = {0, 1, 5, 6, 7, 10, 11, 15};
  if (!destination && random_below(seed, 8) == 0)
    return (uint8_t)random_below(seed, 16);
  return random_below(seed, 100) == 0 ? REG_S0 : some[random_below(seed, COUNT(some))];
}

/* Branches stay within `length` words, of which this one is number `index`. */
static struct isa_decoded random_operands(enum isa_insn insn, uint64_t *seed, uint32_t index,
                                          uint32_t length)
{
  struct isa_decoded d = {.insn = insn};
  const struct isa_insn_info *info = isa_insn_info(d.insn);
  bool memory = strchr(info->shape, '(') != NULL;
  d.a = random_reg(seed, info->format != FORMAT_RRB && !is_store(d.insn));
  d.b = random_reg(seed, false);
  if (info->format == FORMAT_RRR)
    d.c = random_reg(seed, false);
  else if (info->format == FORMAT_RRU)
    d.imm = random_below(seed, 32);
  else if (info->format == FORMAT_RUPPER)
    d.imm = random_next(seed) & 0xfffff000;
  else if (info->format == FORMAT_RRB || info->format == FORMAT_RJ)
    d.imm = 4 * (random_below(seed, length) - index);
  else if (random_below(seed, 10) == 0)
    d.imm = edges[random_below(seed, COUNT(edges))];
  else
    d.imm = memory ? random_below(seed, DATA_SIZE) : random_next(seed);
  if (info->format == FORMAT_RRI)
    d.imm = (uint32_t)(int32_t)(int16_t)d.imm;
  if (info->format == FORMAT_RUPPER || info->format == FORMAT_RJ)
    d.b = 0;
  if (memory && random_below(seed, 16) != 0) {
    d.b = d.insn == ISA_JALR ? REG_S1 : REG_S0;
    d.imm &= random_below(seed, 16) == 0 ? d.imm : ~3u;
  }
  return d;
}

static void random_program(struct bench *b, uint64_t *seed)
{
  uint32_t length = 4 + random_below(seed, CODE_WORDS - 8);
  for (uint32_t i = 0; i < CODE_WORDS; i++) {
    struct isa_decoded insn =
        i < length ? random_operands(random_user_insn(seed), seed, i, length) : stop_insn;
    put_insn(b, i, &insn);
  }
  for (int again = 0; again < 8; again++) {
    for (unsigned i = 1; i < REFERENCE_REGS; i++)
      b->before.regs[i] =
          random_below(seed, 3) ? random_next(seed) : edges[random_below(seed, COUNT(edges))];
    b->before.regs[REG_S0] = DATA;
    b->before.regs[REG_S1] = CODE;
    b->before.pc = CODE + 4 * random_below(seed, length);
    b->before.c = random_next(seed) & 1;
    b->before.v = random_next(seed) & 1;
    run(b, random_below(seed, 4) ? random_below(seed, 200) : 1024 + random_below(seed, 2000));
  }
}

static void test_random_programs(void **state)
{
  (void)state;
  static struct bench b;
  for (size_t w = 0; w < COUNT(worlds); w++)
    for (size_t e = 0; e < COUNT(engines); e++) {
      uint64_t seed = 1000 + w; /* each engine gets the same programs */
      bench_open(&b, &worlds[w], engines[e].engine);
      for (int i = 0; i < 400 && b.differences == 0; i++)
        random_program(&b, &seed);
      compare_storage(&b, 0, STORAGE);
      if (b.differences > 0)
        fail_msg("the %s engine differs from the reference", engines[e].name);
      assert_true(machine_tick(b.m) > 100000);
      bench_close(&b);
    }
}

/* Every user instruction after every other, on the same two registers: what an
 * engine that fuses neighbours could get wrong. Entered at the first and at the
 * second of the two. */
static void crowd_registers(struct isa_decoded *d)
{
  uint8_t *const regs[] = {&d->a, &d->b, &d->c};
  for (size_t i = 0; i < COUNT(regs); i++)
    if (*regs[i] != REG_ZERO && *regs[i] != REG_S0 && *regs[i] != REG_S1)
      *regs[i] = (uint8_t)(REG_T0 + *regs[i] % 2);
}

static void one_pair(struct bench *b, enum isa_insn first, enum isa_insn second, uint64_t *seed)
{
  struct isa_decoded pair[2];
  const enum isa_insn which[2] = {first, second};
  for (unsigned i = 0; i < 2; i++) {
    pair[i] = random_operands(which[i], seed, i, 2);
    crowd_registers(&pair[i]);
    put_insn(b, AT + i, &pair[i]);
  }
  for (unsigned entry = 0; entry < 3; entry++) {
    fresh_registers(b, seed);
    b->before.regs[REG_T0] = edges[random_below(seed, COUNT(edges))];
    b->before.regs[REG_T1] = edges[random_below(seed, COUNT(edges))];
    b->before.regs[REG_S0] = DATA;
    b->before.regs[REG_S1] = CODE;
    b->before.pc += entry == 1 ? 4 : 0;
    run(b, entry == 2 ? 1 : 20);
  }
}

static void test_pairs(void **state)
{
  (void)state;
  static struct bench b;
  for (size_t w = 0; w < COUNT(worlds); w++) {
    uint64_t seed = 5 + w;
    bench_open(&b, &worlds[w], MACHINE_ENGINE_FAST);
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
      for (unsigned j = 0; j < ISA_INSN_COUNT && b.differences == 0; j++)
        for (int again = 0; again < 8; again++)
          if (isa_insn_info(i)->group == ISA_GROUP_USER &&
              isa_insn_info(j)->group == ISA_GROUP_USER)
            one_pair(&b, i, j, &seed);
    compare_storage(&b, 0, STORAGE);
    assert_int_equal(b.differences, 0);
    assert_int_equal(b.runs, 47 * 47 * 8 * 3);
    bench_close(&b);
  }
}

/* --------------------------------------------------------- the reference itself */

static void test_reference_knows_the_user_part(void **state)
{
  (void)state;
  uint8_t memory[64] = {0};
  unsigned known = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    struct reference r = {.memory = memory, .size = sizeof memory};
    uint32_t address;
    bool knows =
        reference_execute(&r, &(struct isa_decoded){.insn = i}, &address) != REFERENCE_NOT_USER;
    assert_int_equal(knows, isa_insn_info(i)->group == ISA_GROUP_USER);
    known += knows;
  }
  assert_int_equal(known, 47);
}

/* Worked out by hand from the text of the specification. */
static void test_reference_by_hand(void **state)
{
  (void)state;
  static const struct {
    enum isa_insn insn;
    uint32_t x, y, result;
  } cases[] = {
      {ISA_ADD, 0xffffffff, 1, 0},
      {ISA_SUB, 0, 1, 0xffffffff},
      {ISA_SLL, 1, 33, 2},
      {ISA_SRL, 0x80000000, 31, 1},
      {ISA_SRA, 0x80000000, 31, 0xffffffff},
      {ISA_SLT, 0x80000000, 0, 1},
      {ISA_SLTU, 0x80000000, 0, 0},
      {ISA_MULH, 0x80000000, 0x80000000, 0x40000000},
      {ISA_MULH, 0xffffffff, 0xffffffff, 0},
      {ISA_MULHU, 0xffffffff, 0xffffffff, 0xfffffffe},
      {ISA_MULHSU, 0xffffffff, 0xffffffff, 0xffffffff},
      {ISA_DIV, 7, 0, 0xffffffff},
      {ISA_DIVU, 7, 0, 0xffffffff},
      {ISA_REM, 0xfffffff9, 0, 0xfffffff9},
      {ISA_REMU, 7, 0, 7},
      {ISA_DIV, 0x80000000, 0xffffffff, 0x80000000},
      {ISA_REM, 0x80000000, 0xffffffff, 0},
      {ISA_DIV, 0xfffffff9, 2, 0xfffffffd}, /* -7 / 2 rounds towards zero */
      {ISA_REM, 0xfffffff9, 2, 0xffffffff}, /* and the remainder has its sign */
      {ISA_DIVU, 0xfffffff9, 2, 0x7ffffffc},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct reference r = {.regs = {[6] = cases[i].x, [7] = cases[i].y}};
    struct isa_decoded d = {.insn = cases[i].insn, .a = 5, .b = 6, .c = 7};
    uint32_t address;
    assert_int_equal(reference_execute(&r, &d, &address), REFERENCE_DONE);
    assert_int_equal(r.regs[5], cases[i].result);
    assert_int_equal(r.pc, 4);
  }
}

/* ---------------------------------------------------- a wrong one is caught */

static void expect_caught(struct bench *b, struct wrong wrong, const char *how)
{
  uint64_t seed = 77;
  b->wrong = wrong;
  b->differences = 0;
  edges_of(b, wrong.about, &seed);
  if (b->differences == 0)
    fail_msg("'%s' made wrong (%s) was not noticed", isa_insn_info(wrong.about)->mnemonic, how);
  b->wrong.how = WRONG_NOT;
  put_data(b);
}

/* Each instruction with each part of its effect made wrong. */
static void test_a_wrong_effect_is_caught(void **state)
{
  (void)state;
  static struct bench b;
  bench_open(&b, &worlds[0], MACHINE_ENGINE_FAST);
  b.quiet = true;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info(i);
    if (info->group != ISA_GROUP_USER)
      continue;
    if (info->format != FORMAT_RRB && !is_store(i))
      expect_caught(&b, (struct wrong){WRONG_RESULT, i, i}, "result");
    expect_caught(&b, (struct wrong){WRONG_PC, i, i}, "pc");
    expect_caught(&b, (struct wrong){WRONG_C, i, i}, "C");
    expect_caught(&b, (struct wrong){WRONG_V, i, i}, "V");
    expect_caught(&b, (struct wrong){WRONG_MEMORY, i, i}, "memory");
  }
  bench_close(&b);
}

/* One instruction doing what its neighbour does: the edge values tell them apart. */
static void test_a_confusion_is_caught(void **state)
{
  (void)state;
  static const enum isa_insn pairs[][2] = {
      {ISA_ADD, ISA_OR},     {ISA_SUB, ISA_XOR},     {ISA_SRA, ISA_SRL},      {ISA_SLT, ISA_SLTU},
      {ISA_MULH, ISA_MULHU}, {ISA_MULH, ISA_MULHSU}, {ISA_MULHSU, ISA_MULHU}, {ISA_DIV, ISA_DIVU},
      {ISA_REM, ISA_REMU},   {ISA_SRAI, ISA_SRLI},   {ISA_SLTI, ISA_SLTIU},   {ISA_ADDI, ISA_ORI},
      {ISA_XORI, ISA_ORI},   {ISA_LB, ISA_LBU},      {ISA_LH, ISA_LHU},       {ISA_SB, ISA_SH},
      {ISA_SW, ISA_SH},      {ISA_BLT, ISA_BLTU},    {ISA_BGE, ISA_BGEU},     {ISA_BEQ, ISA_BGE},
      {ISA_BNE, ISA_BLT},    {ISA_LUI, ISA_AUIPC},   {ISA_ADDC, ISA_SUBC},    {ISA_ADDC, ISA_ADD},
      {ISA_LW, ISA_LH},      {ISA_SLL, ISA_MUL},     {ISA_AND, ISA_MUL},
  };
  static struct bench b;
  bench_open(&b, &worlds[0], MACHINE_ENGINE_FAST);
  b.quiet = true;
  for (size_t i = 0; i < COUNT(pairs); i++) {
    expect_caught(&b, (struct wrong){WRONG_INSTEAD, pairs[i][0], pairs[i][1]}, "confused");
    if (isa_insn_info(pairs[i][0])->format == isa_insn_info(pairs[i][1])->format)
      expect_caught(&b, (struct wrong){WRONG_INSTEAD, pairs[i][1], pairs[i][0]}, "confused");
  }
  bench_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference_knows_the_user_part),
      cmocka_unit_test(test_reference_by_hand),
      cmocka_unit_test(test_edge_values),
      cmocka_unit_test(test_random_programs),
      cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_a_wrong_effect_is_caught),
      cmocka_unit_test(test_a_confusion_is_caught),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
