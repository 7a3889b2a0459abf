/* Every instruction, in every behaviour that a profile can give it and in every
 * mode, from very many states: a separately written machine, the stepper and the
 * engine, fused and unfused, agree on the complete state that results, on the trap,
 * and on its delivery.
 *
 * The states are random with a liking for edges: the ends of storage and of the
 * bound, sums that overflow, misaligned addresses, pending and masked lines, a timer
 * about to expire, instructions in the last word of a page and of storage.
 *
 * At least 100,000 states for each instruction, in equal shares of its behaviours;
 * TRAPEZE_STATES=n: at least n for each instruction and behaviour.
 */
#include "cmocka_all.h"
#include "machine/bare.h"
#include "random.h"
#include "reference_machine.h"

#include <stdio.h>

#include "machine/disk_store.h"

#define STORAGE      MACHINE_MIN_STORAGE
#define STATES       100002ull /* for each instruction */
#define LONG_RUN     1100u     /* ticks: enough for the engine to run uncounted */
#define INNER        8u        /* states for each place and word of the instruction */
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DATA_START   0x8000u /* below: sys; from here on: words of all kinds */
#define TABLES_START 0xc000u /* from here on: words that may be handlers */
#define REPORTED     3u      /* differences */

enum { STEPPER, UNFUSED, FAST, MACHINES };
static const struct {
  const char *name;
  enum machine_engine engine;
} engines[MACHINES] = {{"stepper", MACHINE_ENGINE_STEPPER},
                       {"unfused engine", MACHINE_ENGINE_UNFUSED},
                       {"fast engine", MACHINE_ENGINE_FAST}};

static const struct {
  const char *name;
  enum reference_behaviour is;
} behaviours[] = {
    {"full", REFERENCE_FULL},       {"trap", REFERENCE_TRAP},   {"nop", REFERENCE_NOP},
    {"partial", REFERENCE_PARTIAL}, {"check", REFERENCE_CHECK}, {"absent", REFERENCE_ABSENT},
};

struct situation {
  uint32_t psw, pc, base, bound, a, b, sp, timer, ipend, imask;
  uint64_t tick, until;
};

struct bench {
  struct profile *profile;
  struct machine *m[MACHINES];
  struct disk_store *disk[MACHINES];
  struct reference_machine r; /* what the machines should be */
  bool has_cr[ISA_CR_COUNT];
  uint32_t known[ISA_CR_COUNT]; /* what the reference had in them last */
  uint32_t plain[ISA_CR_COUNT]; /* the same, but what is computed when it is read is 0 */
  uint8_t storage[STORAGE];     /* the reference's */
  uint8_t image[STORAGE];       /* what storage is put back to after each state */
  enum isa_insn insn;
  uint64_t seed;
  uint32_t place, word; /* of the instruction under test */
  uint32_t entry;       /* physical address at which execution starts */
  struct isa_decoded decoded;
  uint64_t states;
  uint64_t reached; /* of these, those that got to the instruction */
  bool quiet;       /* a difference is expected */
  unsigned differences;
  struct situation before;
};

static uint32_t below(struct bench *b, uint32_t limit)
{
  return random_below(&b->seed, limit);
}

static uint32_t any(struct bench *b)
{
  return random_next(&b->seed);
}

static bool one_in(struct bench *b, uint32_t n)
{
  return below(b, n) == 0;
}

/* ------------------------------------------------------------------ the bench */

static void image_word(struct bench *b, uint32_t at, uint32_t word)
{
  uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                      (uint8_t)(word >> 24)};
  memcpy(b->image + at, bytes, 4);
}

/* What [at, at+len) is in the image, everywhere. */
static void put_back(struct bench *b, uint32_t at, uint32_t len)
{
  memcpy(b->storage + at, b->image + at, len);
  for (unsigned i = 0; i < MACHINES; i++) {
    machine_phys_write(b->m[i], gpa(at), b->image + at, len);
  }
}

static void fill_image(struct bench *b)
{
  uint32_t sys = 0;
  assert_int_equal(isa_encode(&(struct isa_decoded){.insn = ISA_SYS}, &sys, NULL, NULL, NULL),
                   ISA_ENCODE_OK);
  for (uint32_t at = 0; at < STORAGE; at += 4) {
    uint32_t word = at < DATA_START ? sys : any(b);
    if (at >= TABLES_START) {
      word = word % (STORAGE / 4) * 4 + (one_in(b, 8) ? any(b) : 0);
    }
    image_word(b, at, word);
  }
  put_back(b, 0, STORAGE);
}

static bool is_io(enum isa_insn insn)
{
  return insn == ISA_IN || insn == ISA_OUT;
}

static bool is_about_keys(enum isa_insn insn)
{
  return insn == ISA_SSK || insn == ISA_ISK;
}

/* Whether a machine of these tests has it. */
static bool is_there(enum isa_insn insn)
{
  return isa_insn_info(insn)->requires == 0 || is_io(insn) || is_about_keys(insn);
}

/* Every instruction that has this behaviour shows it outside mode 0. */
static struct profile *profile_with(const char *behaviour, unsigned modes, bool keyed)
{
  char text[8192];
  int len =
      snprintf(text, sizeof text, "profile t; title \"T\"; modes %u; mmu bounds; io ports; %s\n",
               modes, keyed ? "keys;" : "");
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    bool has = strcmp(behaviour, "trap") == 0 || strcmp(behaviour, "nop") == 0;
    for (size_t k = 0; k < info->behaviour_count; k++) {
      has = has || strcmp(info->behaviours[k].name, behaviour) == 0;
    }
    if (info->group == ISA_GROUP_SYSTEM && strcmp(behaviour, "absent") == 0) {
      len += snprintf(text + len, sizeof text - (size_t)len, "absent %s;\n", info->mnemonic);
    } else if (info->group == ISA_GROUP_SYSTEM && has && info->requires == 0) {
      len += snprintf(text + len, sizeof text - (size_t)len, "outside %s = %s;\n", info->mnemonic,
                      behaviour);
    } else if ((is_io((enum isa_insn)i) || (keyed && is_about_keys((enum isa_insn)i))) && has) {
      len += snprintf(text + len, sizeof text - (size_t)len, "outside %s = %s;\n", info->mnemonic,
                      behaviour);
    }
  }
  struct profile *p = profile_parse("t.profile", text, (size_t)len, stderr);
  assert_non_null(p);
  return p;
}

static void set_behaviours(struct reference_machine *r, enum reference_behaviour is)
{
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    bool variant = is == REFERENCE_PARTIAL || is == REFERENCE_CHECK;
    bool has = !variant || i == ISA_LPSW || (i == ISA_POPF && is == REFERENCE_PARTIAL);
    bool system = isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM;
    r->outside[i] = !system ? REFERENCE_FULL : has ? is : REFERENCE_TRAP;
  }
}

static void know_control(struct bench *b)
{
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (b->has_cr[cr]) {
      b->known[cr] = reference_get_cr(&b->r, (enum isa_cr)cr);
    }
  }
  memcpy(b->plain, b->known, sizeof b->plain);
  b->plain[CR_PSW] = b->plain[CR_TIMER] = b->plain[CR_TICK] = b->plain[CR_CPUID] = 0;
}

static void bench_open(struct bench *b, enum isa_insn insn, size_t behaviour, unsigned modes,
                       uint64_t seed)
{
  memset(b, 0, sizeof *b);
  b->insn = insn;
  b->seed = seed * 0x9e3779b97f4a7c15u + 1;
  bool keyed = modes != 4 || is_about_keys(insn);
  b->profile = profile_with(behaviours[behaviour].name, modes, keyed);
  reference_reset(&b->r, b->storage, STORAGE, modes);
  b->r.keyed = keyed;
  set_behaviours(&b->r, behaviours[behaviour].is);
  for (unsigned i = 0; i < MACHINES; i++) {
    b->disk[i] = disk_store_memory(REFERENCE_SECTORS);
    assert_non_null(b->disk[i]);
    struct machine_config config = {
        .profile = b->profile, .storage = STORAGE, .disk = b->disk[i], .engine = engines[i].engine};
    b->m[i] = machine_create(&config, NULL);
    assert_non_null(b->m[i]);
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    b->has_cr[cr] = reference_has_cr((enum isa_cr)cr);
  }
  know_control(b);
  fill_image(b);
  for (uint32_t i = 0; i < sizeof b->r.disk.contents; i++) {
    b->r.disk.contents[i] = (uint8_t)any(b);
  }
  for (uint32_t sector = 0; sector < REFERENCE_SECTORS; sector++) {
    for (unsigned i = 0; i < MACHINES; i++) {
      assert_true(disk_store_write(b->disk[i], sector, b->r.disk.contents + 512 * sector));
    }
  }
}

/* The tick is where its low 32 bits overflow soon. */
static void start_late(struct bench *b)
{
  b->r.tick = 0xffffffff - 20000;
  for (unsigned i = 0; i < MACHINES; i++) {
    b->m[i]->ops->set_tick(b->m[i], b->r.tick);
  }
  know_control(b);
}

static void bench_close(struct bench *b)
{
  for (unsigned i = 0; i < MACHINES; i++) {
    machine_destroy(b->m[i]);
    disk_store_destroy(b->disk[i]);
  }
  profile_destroy(b->profile);
}

/* ------------------------------------------------------------------ comparing */

/* What a state was like, to be told if it comes to that. */
static void note(struct bench *b, uint64_t until)
{
  const struct reference_machine *r = &b->r;
  b->before = (struct situation){.psw = reference_psw(r),
                                 .pc = r->user.pc,
                                 .base = r->base,
                                 .bound = r->bound,
                                 .a = r->user.regs[b->decoded.a],
                                 .b = r->user.regs[b->decoded.b],
                                 .sp = r->user.regs[REG_SP],
                                 .timer = reference_get_cr(r, CR_TIMER),
                                 .ipend = r->ipend,
                                 .imask = r->imask,
                                 .tick = r->tick,
                                 .until = until};
}

static void tell(const struct bench *b)
{
  const struct situation *s = &b->before;
  char text[80];
  isa_print(text, sizeof text, b->word, s->pc + b->place - b->entry, NULL, NULL);
  print_error("  '%s' at physical 0x%x, entered at pc 0x%x, psw 0x%x of %u modes, base 0x%x, "
              "bound 0x%x, timer 0x%x, ipend 0x%x, imask 0x%x, %s 0x%x, %s 0x%x, sp 0x%x, from "
              "tick %llu until %llu\n",
              text, b->place, s->pc, s->psw, b->r.modes, s->base, s->bound, s->timer, s->ipend,
              s->imask, isa_reg_name(b->decoded.a), s->a, isa_reg_name(b->decoded.b), s->b, s->sp,
              (unsigned long long)s->tick, (unsigned long long)s->until);
}

static void differ(struct bench *b, unsigned machine, const char *what, uint64_t expected,
                   uint64_t got)
{
  if (b->differences++ < REPORTED && !b->quiet) {
    print_error("%s: %s is 0x%llx, the reference says 0x%llx\n", engines[machine].name, what,
                (unsigned long long)got, (unsigned long long)expected);
    tell(b);
  }
}

static void check(struct bench *b, unsigned machine, const char *what, uint64_t expected,
                  uint64_t got)
{
  if (expected != got) {
    differ(b, machine, what, expected, got);
  }
}

static void compare_trap(struct bench *b, unsigned i, const struct trap *expected,
                         const struct trap *got)
{
  check(b, i, "the cause", expected->cause, got->cause);
  check(b, i, "the trap's epc", expected->epc, got->epc);
  check(b, i, "the trap's value", expected->value, got->value);
  check(b, i, "the trap's instruction", expected->insn, got->insn);
}

static void compare_bytes(struct bench *b, unsigned i, uint32_t at, uint32_t len)
{
  uint8_t got[STORAGE];
  assert_true(machine_phys_read(b->m[i], gpa(at), got, len));
  for (uint32_t k = 0; k < len && memcmp(got, b->storage + at, len) != 0; k++) {
    if (got[k] != b->storage[at + k]) {
      differ(b, i, "a byte of storage", b->storage[at + k], got[k]);
      break;
    }
  }
}

static void compare_disk(struct bench *b, unsigned i)
{
  uint8_t got[MACHINE_SECTOR_SIZE];
  for (uint32_t sector = 0; sector < REFERENCE_SECTORS; sector++) {
    assert_true(machine_disk_peek(b->m[i], sector, got));
    check(b, i, "a sector differs", 0,
          memcmp(got, b->r.disk.contents + 512 * sector, sizeof got) != 0);
  }
}

static void compare_devices(struct bench *b, unsigned i)
{
  const struct reference_disk *d = &b->r.disk;
  const struct reference_console *c = &b->r.console;
  const struct reference_net *n = &b->r.net;
  const struct {
    uint32_t port, value;
  } ports[] = {{0x10, d->sector},
               {0x11, d->address},
               {0x12, d->count},
               {0x13, 0},
               {0x14, d->busy + 2 * d->error},
               {0x15, REFERENCE_SECTORS},
               {0x20, 0},
               {0x21, n->send_at},
               {0x22, n->send_length},
               {0x23, n->receive_at},
               {0x25, (n->send_due ? 1u : 0) + (n->receive_due ? 2u : 0) + 16 * n->send_error +
                          256 * n->receive_error},
               {0x01, c->read < c->arrived}};
  for (size_t k = 0; k < COUNT(ports); k++) {
    uint32_t value = 0;
    assert_true(machine_port_in(b->m[i], ports[k].port, &value));
    check(b, i, "a port", ports[k].value, value);
  }
  size_t len;
  const uint8_t *bytes = machine_console_output(b->m[i], &len);
  check(b, i, "the length of the output", c->written, len);
  uint64_t last = 0;
  for (size_t k = len < 8 ? 0 : len - 8; k < len; k++) {
    last = last * 256 + bytes[k];
  }
  check(b, i, "the output", c->last_written, last);
}

static uint8_t key_of(const struct reference_key *k)
{
  return (uint8_t)(k->access | (k->fetch ? KEY_FETCH : 0));
}

static void compare_keys(struct bench *b, unsigned i)
{
  for (uint32_t k = 0; k < REFERENCE_BLOCKS; k++) {
    uint8_t got;
    check(b, i, "whether there is a key", b->r.keyed,
          machine_key_get(b->m[i], gpa(k * KEY_BLOCK_SIZE), &got));
    check(b, i, "a key", key_of(&b->r.block[k]), got);
  }
  check(b, i, "the storage's digest", machine_storage_digest(b->m[0]),
        machine_storage_digest(b->m[i]));
}

/* After know_control(). Register by register would cost more than all the rest, so
 * the plain ones are looked at in the machine's own array. */
static void compare_control(struct bench *b, unsigned i)
{
  static const enum isa_cr live[] = {CR_PSW, CR_TIMER, CR_TICK};
  struct machine *m = b->m[i];
  bool same = b->states % 64 != 0 && memcmp(bare_of(m)->cr, b->plain, sizeof b->plain) == 0;
  for (size_t k = 0; k < COUNT(live); k++) {
    same = same && machine_get_cr(m, live[k]) == b->known[live[k]];
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT && !same; cr++) {
    if (b->has_cr[cr]) {
      check(b, i, isa_cr_info((enum isa_cr)cr)->name, b->known[cr],
            machine_get_cr(m, (enum isa_cr)cr));
    }
  }
}

static void compare_state(struct bench *b, unsigned i)
{
  const struct reference_machine *r = &b->r;
  uint32_t regs[ISA_REG_COUNT];
  machine_get_regs(b->m[i], regs);
  if (memcmp(regs, r->user.regs, sizeof regs) != 0) {
    for (unsigned reg = 0; reg < ISA_REG_COUNT; reg++) {
      check(b, i, isa_reg_name(reg), r->user.regs[reg], regs[reg]);
    }
  }
  check(b, i, "pc", r->user.pc, machine_get_pc(b->m[i]));
  compare_control(b, i);
  check(b, i, "the tick", r->tick, machine_tick(b->m[i]));
  check(b, i, "the run state", r->run_state, machine_run_state(b->m[i]));
  check(b, i, "the next event", reference_next_event(r), machine_next_event(b->m[i]));
  for (unsigned k = 0; k < r->touched_count; k++) {
    compare_bytes(b, i, r->touched[k].at, r->touched[k].len);
  }
}

/* What is not looked at after every state is looked at often: a wrong byte stays
 * until then. */
static void compare_all(struct bench *b, const struct machine_stop *expected,
                        const struct machine_stop *got)
{
  bool io = is_io(b->insn);
  know_control(b);
  for (unsigned i = 0; i < MACHINES; i++) {
    check(b, i, "the reason to stop", expected->why, got[i].why);
    if (expected->why == MACHINE_TRAP || expected->why == MACHINE_DOUBLE_FAULT) {
      compare_trap(b, i, &expected->trap, &got[i].trap);
    }
    compare_state(b, i);
    if (b->states % (io ? 2 : 64) == 0) {
      compare_devices(b, i);
    }
    if (b->states % (b->insn == ISA_SSK ? 2 : 64) == 0) {
      compare_keys(b, i);
    }
    if (b->states % 256 == 0 || b->r.touched_all) {
      compare_bytes(b, i, 0, STORAGE);
    }
    if (b->states % 1024 == 0) {
      compare_disk(b, i);
    }
  }
}

/* ----------------------------------------------------------- making up states */

static const uint32_t edges[] = {
    0,          1,          2,          3,          4,          31,         32,
    33,         0x7f,       0x80,       0xff,       0x7fff,     0x8000,     0xffff,
    0x10000,    0x55555555, 0xaaaaaaaa, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
    0xffff7fff, 0xffff8000, 0xffffff80, 0xfffffffe, 0xffffffff,
};

static uint32_t edge(struct bench *b)
{
  return edges[below(b, COUNT(edges))];
}

static uint32_t value(struct bench *b)
{
  return one_in(b, 2) ? edge(b) : any(b);
}

/* What the program may reach, as addresses: below this all is well. */
static uint32_t reach(const struct bench *b)
{
  const struct reference_machine *r = &b->r;
  if (!r->te) {
    return STORAGE;
  }
  uint32_t room = r->base < STORAGE ? STORAGE - r->base : 0;
  return r->bound < room ? r->bound : room;
}

static uint32_t near(struct bench *b, uint32_t at)
{
  at -= below(b, 9);
  return at + below(b, 5);
}

static uint32_t address(struct bench *b)
{
  uint32_t limit = reach(b), border;
  bool across = b->place % 4 != 0 && one_in(b, 2); /* only there an access crosses */
  switch (across ? 8 : below(b, 16)) {
  case 0:
    return limit - below(b, 9);
  case 1:
    return limit + below(b, 9);
  case 2:
    return near(b, b->r.bound);
  case 3:
    return 0 - below(b, 12);
  case 4:
    return any(b);
  case 5:
    return b->r.user.pc + below(b, 24) - 8;
  case 6:
    return near(b, STORAGE - b->r.base);
  case 7:
    return below(b, limit + 1);
  case 8:
  case 9: /* about the border of two blocks */
    border = below(b, REFERENCE_BLOCKS + 1) * KEY_BLOCK_SIZE - (b->r.te ? b->r.base : 0);
    return border + (across ? b->place % 4 - 4 : below(b, 9) - 4);
  default:
    return below(b, limit / 4 + 1) * 4;
  }
}

static uint32_t port(struct bench *b)
{
  static const uint32_t ports[] = {0x00, 0x01, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                   0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27};
  if (!one_in(b, 8)) {
    return ports[below(b, COUNT(ports))];
  }
  uint32_t some = any(b);
  return some % (one_in(b, 2) ? 0x30 : 0xffffffff);
}

/* A byte, a sector, a count, an address or a command, and not. */
static uint32_t port_value(struct bench *b)
{
  switch (below(b, 8)) {
  case 0:
    return value(b);
  case 1:
    return below(b, STORAGE / 4 + 2) * 4;
  case 2:
    return below(b, REFERENCE_SECTORS + 2);
  default:
    return below(b, 4);
  }
}

static uint32_t cr_value(struct bench *b, enum isa_cr cr)
{
  switch (cr) {
  case CR_TIMER:
    return one_in(b, 2) ? below(b, 4) : one_in(b, 2) ? 2000 + below(b, 2000) : value(b);
  case CR_VBR:
    return one_in(b, 4)   ? any(b)
           : one_in(b, 4) ? STORAGE - below(b, 96)
           : one_in(b, 8) ? 0 - below(b, 96)
                          : TABLES_START + below(b, STORAGE - TABLES_START);
  case CR_BASE:
  case CR_BOUND:
    return one_in(b, 4) ? value(b) : below(b, 17) * ISA_PAGE_SIZE;
  case CR_PSW:
  case CR_EPSW:
    return any(b);
  case CR_EPC:
    return address(b);
  default:
    return value(b);
  }
}

/* The operand registers get what the instruction makes something of; a few of the
 * others change as well. */
static void fresh_registers(struct bench *b)
{
  uint32_t *regs = b->r.user.regs;
  const struct isa_decoded *d = &b->decoded;
  const struct isa_insn_info *info = isa_insn_info(b->insn);
  bool io = is_io(b->insn);
  bool memory = strchr(info->shape, '(') || b->insn == ISA_LRA || b->insn == ISA_PROBE ||
                is_about_keys(b->insn);
  uint32_t some = any(b);
  regs[1 + below(b, ISA_REG_COUNT - 1)] = some;
  some = edge(b);
  regs[1 + below(b, ISA_REG_COUNT - 1)] = some;
  regs[REG_SP] = address(b);
  regs[d->c] = value(b);
  regs[d->a] = b->insn == ISA_OUT    ? port_value(b)
               : b->insn == ISA_MTCR ? cr_value(b, (enum isa_cr)d->n)
                                     : value(b);
  regs[d->b] = io ? port(b) - d->imm : memory ? address(b) - d->imm : value(b);
  if (info->format == FORMAT_RRB && one_in(b, 3)) {
    regs[d->b] = regs[d->a] + below(b, 3) - 1;
  }
  regs[0] = 0;
}

static void fresh_psw(struct bench *b)
{
  struct reference_machine *r = &b->r;
  uint32_t bits = any(b);
  r->mode = below(b, r->modes);
  r->pmode = below(b, r->modes);
  r->user.c = bits & 1;
  r->user.v = bits & 2;
  r->ie = bits & 4;
  r->key = one_in(b, 2) ? 0 : one_in(b, 2) ? bits >> 4 & 15 : bits >> 4 & 1;
}

static void set_key(struct bench *b, uint32_t block, struct reference_key key)
{
  b->r.block[block] = key;
  for (unsigned i = 0; i < MACHINES; i++) {
    machine_key_set(b->m[i], gpa(block * KEY_BLOCK_SIZE), key_of(&key));
  }
}

/* Few different keys, so that they often fit, and seldom where the instruction is. */
static void fresh_keys(struct bench *b)
{
  for (unsigned n = 0; b->r.keyed && n < 4; n++) {
    uint32_t block = one_in(b, 4) ? b->place / KEY_BLOCK_SIZE : below(b, REFERENCE_BLOCKS);
    struct reference_key key = {.access = one_in(b, 4) ? below(b, 16) : below(b, 3),
                                .fetch = one_in(b, 3)};
    key.fetch = key.fetch && (block != b->place / KEY_BLOCK_SIZE || one_in(b, 4));
    set_key(b, block, key);
  }
}

static void fresh_control(struct bench *b)
{
  struct reference_machine *r = &b->r;
  r->ipend = one_in(b, 4) ? any(b) % 32 : 0;
  r->imask = one_in(b, 2) ? 31 : any(b) % 32;
  r->timer_due = one_in(b, 2) ? MACHINE_NEVER : r->tick + 1 + below(b, 3);
  if (one_in(b, 6)) {
    r->timer_due = r->tick + (one_in(b, 3) ? 1 + any(b) % 0xfffffffe : 1 + below(b, 3000));
  }
  if (b->insn == ISA_RFE || one_in(b, 8)) {
    reference_set_cr(r, CR_EPC, address(b), 0);
    reference_set_cr(r, CR_EPSW, any(b), 0);
  }
  if (one_in(b, 8)) {
    enum isa_cr cr = (enum isa_cr)below(b, ISA_CR_COUNT);
    if (cr != CR_BASE && cr != CR_BOUND && cr != CR_PSW && reference_has_cr(cr)) {
      reference_set_cr(r, cr, cr_value(b, cr), r->tick);
    }
  }
}

static void fresh_input(struct bench *b)
{
  uint64_t at = b->r.tick + 1 + below(b, 3);
  uint8_t byte = (uint8_t)any(b);
  if (reference_input(&b->r, at, byte)) {
    for (unsigned i = 0; i < MACHINES; i++) {
      machine_console_input(b->m[i], at, byte);
    }
  }
}

/* The machines are as the last state left them, which is as the reference was
 * then. Only what differs is written: writing costs the engine its caches. */
static void set_machines(struct bench *b)
{
  const struct reference_machine *r = &b->r;
  for (unsigned i = 0; i < MACHINES; i++) {
    if (machine_run_state(b->m[i]) != MACHINE_RUNNING || r->double_fault) {
      machine_set_run_state(b->m[i], MACHINE_RUNNING);
    }
    machine_set_regs(b->m[i], r->user.regs);
    machine_set_pc(b->m[i], r->user.pc);
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    uint32_t wanted = b->has_cr[cr] ? reference_get_cr(r, (enum isa_cr)cr) : 0;
    for (unsigned i = 0; wanted != b->known[cr] && i < MACHINES; i++) {
      machine_set_cr(b->m[i], (enum isa_cr)cr, wanted);
    }
  }
}

/* ------------------------------------------------ where the instruction lies */

static uint32_t operand(struct bench *b, const struct isa_operand *o)
{
  static const uint32_t immediates[] = {
      0, 1, 4, 31, 0x7fff, (uint32_t)-1, (uint32_t)-4, (uint32_t)-32768};
  int64_t min, max;
  isa_operand_range(o, &min, &max);
  uint32_t span = (uint32_t)(max - min + 1); /* 0: all of 32 bits */
  uint32_t random = (uint32_t)min + (span == 0 ? any(b) : below(b, span));
  switch (o->kind) {
  case ISA_OPERAND_REG:
    return one_in(b, 8) ? 0 : random;
  case ISA_OPERAND_CR:
    return one_in(b, 16) ? random : below(b, ISA_CR_COUNT);
  case ISA_OPERAND_UPPER:
    return random & 0xfffff000;
  case ISA_OPERAND_REL:
    return one_in(b, 4) ? random & ~3u : 4 * (below(b, 40) - 20);
  case ISA_OPERAND_SIMM:
    return one_in(b, 2) ? immediates[below(b, COUNT(immediates))] : random;
  default:
    return random;
  }
}

static struct isa_decoded operands(struct bench *b, enum isa_insn insn)
{
  struct isa_decoded d = {.insn = insn};
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn)->format);
  for (size_t i = 0; i < format->operand_count; i++) {
    isa_set_slot(&d, format->operands[i].slot, operand(b, &format->operands[i]));
  }
  return d;
}

static uint32_t word_of(const struct isa_decoded *d)
{
  uint32_t word = 0;
  assert_int_equal(isa_encode(d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

static uint32_t neighbour(struct bench *b)
{
  static const enum isa_insn common[] = {ISA_ADDI, ISA_ADD, ISA_LW,  ISA_SW,  ISA_LBU, ISA_LUI,
                                         ISA_SLTU, ISA_XOR, ISA_BEQ, ISA_BNE, ISA_JAL, ISA_MUL};
  struct isa_decoded d = operands(b, common[below(b, COUNT(common))]);
  return word_of(&d);
}

static void put_word(struct bench *b, uint32_t at, uint32_t word)
{
  image_word(b, at, word);
  put_back(b, at, 4);
}

/* BASE and BOUND such that the place can mostly be reached, often just so. */
static void fresh_map(struct bench *b)
{
  struct reference_machine *r = &b->r;
  r->te = one_in(b, 2);
  uint32_t page = b->place & ~(ISA_PAGE_SIZE - 1);
  bool odd = b->place % 4 != 0; /* can be reached under such a base alone */
  r->te = r->te || odd;
  switch (odd ? 1 : below(b, 8)) {
  case 0:
    r->base = b->entry;
    break;
  case 1:
    r->base = below(b, b->entry / 4 + 1) * 4 + b->entry % 4;
    break;
  case 2:
    r->base = one_in(b, 2) ? 0xfffff000 + below(b, 4096) / 4 * 4 : value(b);
    break;
  default:
    r->base = below(b, page / ISA_PAGE_SIZE + 1) * ISA_PAGE_SIZE;
    break;
  }
  uint32_t end = b->place + 4 - r->base;
  switch (below(b, 8)) {
  case 0:
    r->bound = end + below(b, 3) - 1;
    break;
  case 1:
    r->bound = end + below(b, 40);
    break;
  case 2:
    r->bound = one_in(b, 2) ? 0xffffffff : value(b);
    break;
  default:
    r->bound = (end + below(b, 8 * ISA_PAGE_SIZE) + ISA_PAGE_SIZE - 1) & ~(ISA_PAGE_SIZE - 1);
    break;
  }
}

/* Another word of the instruction at another place, with other neighbours. */
static void fresh_place(struct bench *b)
{
  static const uint32_t places[] = {0x1000, 0x1ffc, 0x2000, 0x2ff8, 0xfffc, 0xfff8, 0x3a40,
                                    0,      4,      0x5008, 0x8000, 0xb7fc, 0x7ffc, 0xf000,
                                    0x57fc, 0x6800, 0x27f8, 0x17fc, 0x6a02};
  uint32_t around = b->place >= 4 ? b->place - 4 : 0;
  uint32_t len = b->place + 8 <= STORAGE ? 12 : 8;
  if (b->word != 0) {
    for (uint32_t at = around; at < around + len; at += 4) {
      put_word(b, at, at < DATA_START ? b->word : any(b));
    }
  }
  b->place = places[below(b, COUNT(places))];
  b->decoded = operands(b, b->insn);
  b->word = word_of(&b->decoded);
  put_word(b, b->place, one_in(b, 64) ? b->word ^ 1u << below(b, 32) : b->word);
  b->entry = b->place;
  if (b->place >= 4 && one_in(b, 3)) {
    b->entry = b->place - 4;
    put_word(b, b->entry, neighbour(b));
  }
  if (b->place + 8 <= STORAGE && one_in(b, 4)) {
    put_word(b, b->place + 4, neighbour(b));
  }
  fresh_map(b);
  fresh_keys(b);
  b->r.vbr = cr_value(b, CR_VBR) & ~3u;
}

/* ------------------------------------------------------------------ one state */

static void restore_storage(struct bench *b)
{
  for (unsigned k = 0; k < b->r.touched_count; k++) {
    put_back(b, b->r.touched[k].at, b->r.touched[k].len);
  }
  if (b->r.touched_all) {
    put_back(b, 0, STORAGE);
  }
  b->r.touched_count = 0;
  b->r.touched_all = false;
}

static void deliver(struct bench *b, const struct machine_stop *stop)
{
  bool delivered = reference_deliver(&b->r, &stop->trap);
  know_control(b);
  for (unsigned i = 0; i < MACHINES; i++) {
    check(b, i, "whether delivery succeeds", delivered, machine_deliver(b->m[i], &stop->trap));
    compare_state(b, i);
    if (!delivered) {
      struct machine_stop again = machine_run(b->m[i], b->r.tick + 1);
      check(b, i, "the reason to stop", MACHINE_DOUBLE_FAULT, again.why);
      compare_trap(b, i, &stop->trap, &again.trap);
    }
  }
}

/* One tick, so that the state right after is seen; or far, so that the engine
 * goes as it goes when nobody counts. */
static uint64_t limit(struct bench *b)
{
  switch (below(b, 8)) {
  case 0:
    return b->r.tick + 2;
  case 1:
  case 2:
  case 3:
    return b->r.tick + LONG_RUN;
  default:
    return b->r.tick + 1 + (b->entry != b->place);
  }
}

static void one_state(struct bench *b)
{
  struct reference_machine *r = &b->r;
  fresh_psw(b);
  fresh_control(b);
  r->run_state = MACHINE_RUNNING;
  r->user.pc = b->entry - (r->te ? r->base : 0) + (one_in(b, 64) ? below(b, 4) : 0);
  fresh_registers(b);
  set_machines(b);
  r->double_fault = false;
  if (one_in(b, b->insn == ISA_IN ? 4 : 64)) {
    fresh_input(b);
  }
  uint64_t until = limit(b), met = r->met[b->insn];
  note(b, until);
  struct machine_stop expected = reference_run(r, until), got[MACHINES];
  for (unsigned i = 0; i < MACHINES; i++) {
    got[i] = machine_run(b->m[i], until);
  }
  b->states++;
  b->reached += r->met[b->insn] > met;
  compare_all(b, &expected, got);
  if (expected.why == MACHINE_TRAP && one_in(b, 2)) {
    deliver(b, &expected);
  }
  restore_storage(b);
}

static void run_states(struct bench *b, uint64_t count)
{
  while (b->states < count && b->differences == 0) {
    fresh_place(b);
    for (unsigned n = 0; n < INNER && b->differences == 0; n++) {
      one_state(b);
    }
  }
}

/* ------------------------------------------------------------------ the tests */

/* Of each of an instruction's behaviours. */
static uint64_t states_wanted(uint64_t behaviours_of_it)
{
  const char *text = getenv("TRAPEZE_STATES");
  uint64_t wanted =
      text ? strtoull(text, NULL, 10) : (STATES + behaviours_of_it - 1) / behaviours_of_it;
  assert_true(wanted > 0);
  return wanted;
}

/* Most states get to the instruction. The states of one place get there together,
 * so of few places chance may take some: four standard deviations are allowed it. */
static bool most(uint64_t reached, uint64_t states)
{
  uint64_t missing = reached < states / 2 ? states / 2 - reached : 0;
  return missing * missing <= 4 * INNER * states;
}

static void test_too_few_that_get_there_are_noticed(void **state)
{
  (void)state;
  assert_false(most(48000, STATES)); /* a half, less 4 % */
  assert_true(most(50100, STATES));
  assert_false(most(300, 1008));
  assert_true(most(450, 1008));
  assert_false(most(0, 312));
}

static bool has_behaviour(enum isa_insn insn, size_t k)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  if (info->group != ISA_GROUP_SYSTEM) {
    return k == 0;
  }
  for (size_t i = 0; i < info->behaviour_count; i++) {
    if (strcmp(info->behaviours[i].name, behaviours[k].name) == 0) {
      return true;
    }
  }
  return is_there(insn) &&
         (behaviours[k].is == REFERENCE_TRAP || behaviours[k].is == REFERENCE_NOP ||
          behaviours[k].is == REFERENCE_ABSENT);
}

/* In machines of four, two and three modes. */
static uint64_t states_of(enum isa_insn insn, size_t behaviour, uint64_t wanted)
{
  static struct bench b;
  static const unsigned modes[] = {4, 2, 3};
  uint64_t states = 0, reached = 0;
  for (size_t k = 0; k < COUNT(modes); k++) {
    bench_open(&b, insn, behaviour, modes[k], 1 + k + 3 * insn + 1000 * behaviour);
    if (modes[k] == 3) {
      start_late(&b);
    }
    run_states(&b, (wanted + COUNT(modes) - 1) / COUNT(modes));
    for (unsigned i = 0; i < MACHINES; i++) {
      compare_bytes(&b, i, 0, STORAGE);
    }
    states += b.states;
    reached += b.reached;
    if (b.differences > 0) {
      fail_msg("'%s' with behaviour '%s' differs from the reference", isa_insn_info(insn)->mnemonic,
               behaviours[behaviour].name);
    }
    bench_close(&b);
  }
  if (!most(reached, states)) {
    fail_msg("only %llu of %llu states get to '%s'", (unsigned long long)reached,
             (unsigned long long)states, isa_insn_info(insn)->mnemonic);
  }
  return states;
}

static unsigned behaviours_of(enum isa_insn insn)
{
  unsigned count = 0;
  for (size_t k = 0; k < COUNT(behaviours); k++) {
    count += has_behaviour(insn, k);
  }
  return count;
}

static void all_of(enum isa_group group)
{
  uint64_t states = 0, least = UINT64_MAX;
  unsigned insns = 0, cases = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    unsigned count = behaviours_of(insn);
    uint64_t n = 0;
    if (isa_insn_info(insn)->group != group || count == 0) {
      continue;
    }
    for (size_t k = 0; k < COUNT(behaviours); k++) {
      n += has_behaviour(insn, k) ? states_of(insn, k, states_wanted(count)) : 0;
    }
    states += n;
    least = n < least ? n : least;
    cases += count;
    insns++;
  }
  print_message(
      "# %u instructions in %u behaviours, %llu states, at least %llu of each instruction\n", insns,
      cases, (unsigned long long)states, (unsigned long long)least);
  assert_true(least >= 100000 || getenv("TRAPEZE_STATES"));
}

static void test_user(void **state)
{
  (void)state;
  all_of(ISA_GROUP_USER);
}

static void test_errant(void **state)
{
  (void)state;
  all_of(ISA_GROUP_ERRANT);
}

static void test_system(void **state)
{
  (void)state;
  all_of(ISA_GROUP_SYSTEM);
}

/* ------------------------------------------------ a wrong reference is noticed */

struct mistake {
  const char *name;
  enum reference_wrong wrong;
  enum isa_insn insn;
  enum reference_behaviour behaviour;
};

static const struct mistake mistakes[] = {
#define MISTAKE(name, insn, behaviour) {#name, WRONG_##name, ISA_##insn, REFERENCE_##behaviour},
    REFERENCE_WRONGS(MISTAKE)
#undef MISTAKE
};

/* How many states it takes; 0: it goes unnoticed. */
static uint64_t states_to_notice(enum isa_insn insn, size_t behaviour, enum reference_wrong wrong)
{
  static struct bench b;
  bench_open(&b, insn, behaviour, 3, 77);
  b.quiet = true;
  b.r.wrong = wrong;
  run_states(&b, STATES);
  uint64_t took = b.differences > 0 ? b.states : 0;
  bench_close(&b);
  return took;
}

static void test_mistakes_are_noticed(void **state)
{
  (void)state;
  unsigned unnoticed = 0;
  for (size_t i = 0; i < COUNT(mistakes); i++) {
    size_t k = 0;
    while (behaviours[k].is != mistakes[i].behaviour) {
      k++;
    }
    uint64_t took = states_to_notice(mistakes[i].insn, k, mistakes[i].wrong);
    if (took == 0) {
      print_error("a reference with the mistake %s goes unnoticed\n", mistakes[i].name);
      unnoticed++;
    }
  }
  assert_int_equal(unnoticed, 0);
}

/* One for each user instruction: its result, or whether it branches. */
static void test_wrong_user_effects_are_noticed(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_USER &&
        states_to_notice((enum isa_insn)i, 0, WRONG_USER_EFFECT) == 0) {
      fail_msg("'%s' made wrong was not noticed", isa_insn_info((enum isa_insn)i)->mnemonic);
    }
  }
}

/* A mistake is listed for each instruction and behaviour that is there. */
static void test_mistakes_cover_the_instructions(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    bool there = is_there((enum isa_insn)i);
    for (size_t n = 0; n < info->behaviour_count && info->group != ISA_GROUP_USER; n++) {
      bool listed = !there;
      for (size_t k = 0; k < COUNT(mistakes); k++) {
        listed = listed || (mistakes[k].insn == i && strcmp(behaviours[mistakes[k].behaviour].name,
                                                            info->behaviours[n].name) == 0);
      }
      if (!listed) {
        fail_msg("no mistake is listed for '%s %s'", info->mnemonic, info->behaviours[n].name);
      }
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mistakes_cover_the_instructions),
      cmocka_unit_test(test_too_few_that_get_there_are_noticed),
      cmocka_unit_test(test_mistakes_are_noticed),
      cmocka_unit_test(test_wrong_user_effects_are_noticed),
      cmocka_unit_test(test_errant),
      cmocka_unit_test(test_system),
      cmocka_unit_test(test_user),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
