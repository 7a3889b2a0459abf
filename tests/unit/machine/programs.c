#include "programs.h"

#include "cmocka_all.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "random.h"

#define STORAGE (64u << 10)
#define SECTORS 64u

uint32_t program_word(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  struct isa_decoded d = {
      .insn = insn, .a = (uint8_t)a, .b = (uint8_t)b, .c = (uint8_t)c, .imm = imm};
  uint32_t word = 0;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

uint32_t program_cr_word(enum isa_insn insn, unsigned a, enum isa_cr cr)
{
  struct isa_decoded d = {.insn = insn, .a = (uint8_t)a, .n = (uint8_t)cr};
  uint32_t word = 0;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

void program_put(struct machine *m, uint32_t at, const uint32_t *words, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    assert_true(machine_phys_write_word(m, gpa(at + 4 * (uint32_t)i), words[i]));
  }
}

/* Small, or a page boundary, or anything. */
static uint32_t plausible(uint64_t *seed)
{
  uint32_t page;
  switch (random_below(seed, 8)) {
  case 0:
    return random_next(seed);
  case 1:
    page = random_below(seed, 20) * ISA_PAGE_SIZE;
    return page - random_below(seed, 3) * 4;
  case 2:
    return random_below(seed, STORAGE + 64);
  case 3:
    return random_below(seed, 40);
  default:
    return random_below(seed, STORAGE / 4) * 4;
  }
}

static uint32_t operand_value(uint64_t *seed, const struct isa_operand *o)
{
  int64_t min, max;
  isa_operand_range(o, &min, &max);
  switch (o->kind) {
  case ISA_OPERAND_REL:
    return (uint32_t)((int32_t)random_below(seed, 200) - 60) * 4;
  case ISA_OPERAND_UPPER:
    return random_below(seed, 18) << 12;
  case ISA_OPERAND_SIMM:
    return random_below(seed, 6) == 0 ? random_below(seed, 0x7fff)
                                      : ((uint32_t)random_below(seed, 64) - 16) * 4;
  case ISA_OPERAND_CR:
    return random_below(seed, ISA_CR_COUNT);
  default:
    return (uint32_t)(min + (int64_t)random_below(seed, (uint32_t)(max - min + 1)));
  }
}

/* Mostly user instructions; those that end the fun are rare. */
static enum isa_insn pick_insn(uint64_t *seed)
{
  for (;;) {
    enum isa_insn insn = (enum isa_insn)random_below(seed, ISA_INSN_COUNT);
    bool stops = insn == ISA_HALT || insn == ISA_WFI || insn == ISA_CLI;
    bool user = isa_insn_info(insn)->group == ISA_GROUP_USER;
    if (user || random_below(seed, stops ? 60 : 4) == 0) {
      return insn;
    }
  }
}

static uint32_t pick_word(uint64_t *seed)
{
  if (random_below(seed, 100) == 0) {
    return random_next(seed);
  }
  struct isa_decoded d = {.insn = pick_insn(seed)};
  const struct isa_format_info *format = isa_format_info(isa_insn_info(d.insn)->format);
  for (size_t i = 0; i < format->operand_count; i++) {
    isa_set_slot(&d, format->operands[i].slot, operand_value(seed, &format->operands[i]));
  }
  uint32_t word = 0;
  isa_encode(&d, &word, NULL, NULL, NULL);
  return word;
}

static void fill_words(struct machine *m, uint64_t *seed, uint32_t from, uint32_t to)
{
  for (uint32_t at = from; at < to; at += 4) {
    machine_phys_write_word(m, gpa(at), pick_word(seed));
  }
}

static void fill_vectors(struct machine *m, uint64_t *seed)
{
  for (uint32_t cause = 0; cause < 64; cause++) {
    uint32_t handler =
        random_below(seed, 30) == 0 ? plausible(seed) : random_below(seed, STORAGE / 4) * 4;
    machine_phys_write_word(m, gpa(4 * cause), handler);
  }
}

/* Registers that programs may have, biased so that they run on for a while. */
static void set_state(struct machine *m, uint64_t *seed)
{
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, plausible(seed));
  }
  machine_set_pc(m, random_below(seed, 12) == 0 ? plausible(seed)
                                                : random_below(seed, STORAGE / 4) * 4);
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    machine_set_cr(m, (enum isa_cr)cr, plausible(seed));
  }
  bool silly = random_below(seed, 5) == 0;
  machine_set_cr(m, CR_VBR, silly ? plausible(seed) : 0);
  machine_set_cr(m, CR_BASE, silly ? plausible(seed) : random_below(seed, 4) << 12);
  machine_set_cr(m, CR_BOUND, silly ? plausible(seed) : random_below(seed, 17) << 12);
  machine_set_cr(m, CR_TIMER, random_below(seed, 3000));
  machine_set_cr(m, CR_IPEND, 0);
  machine_set_cr(m, CR_IMASK, random_next(seed));
  machine_set_cr(m, CR_PSW, random_next(seed));
}

static void start_disk(struct machine *m, uint64_t *seed)
{
  machine_port_out(m, PORT_DISK_SECTOR, random_below(seed, SECTORS));
  machine_port_out(m, PORT_DISK_ADDRESS, random_below(seed, STORAGE / 4) * 4);
  machine_port_out(m, PORT_DISK_COUNT, 1 + random_below(seed, 8));
  machine_port_out(m, PORT_DISK_COMMAND, 1 + random_below(seed, 2));
}

void program_kick(struct machine *m, uint64_t seed, bool revive)
{
  uint32_t what = random_next(&seed);
  if (what & 1) {
    start_disk(m, &seed);
  }
  if (what & 2) {
    machine_set_cr(m, CR_TIMER, 1 + random_below(&seed, 1500));
    machine_set_cr(m, CR_IMASK, random_next(&seed) | 1);
  }
  if (what & 4) {
    machine_set_cr(m, CR_PSW, psw_set_ie(random_next(&seed), 1));
  }
  if (what & 8) {
    machine_set_pc(m, random_below(&seed, STORAGE / 4) * 4);
    uint32_t value = plausible(&seed);
    machine_set_reg(m, random_below(&seed, ISA_REG_COUNT), value);
  }
  if (what & 16) {
    machine_set_cr(m, CR_BASE, plausible(&seed));
    machine_set_cr(m, CR_BOUND, plausible(&seed));
  }
  if (what & 32) {
    uint32_t word = pick_word(&seed);
    machine_phys_write_word(m, gpa(random_below(&seed, STORAGE / 4) * 4), word);
  }
  if (what & 64) {
    machine_console_input(m, machine_tick(m) + random_below(&seed, 2000), (uint8_t)what);
  }
  if (revive) {
    uint32_t page = 0x1000 + (what >> 8) % 14 * ISA_PAGE_SIZE;
    fill_words(m, &seed, page, page + ISA_PAGE_SIZE);
    fill_vectors(m, &seed);
    set_state(m, &seed);
    machine_set_run_state(m, MACHINE_RUNNING);
  }
}

static struct profile *some_shipped(uint64_t *seed)
{
  const char *const *names = profile_shipped();
  uint32_t count = 0;
  while (names[count])
    count++;
  return profile_load(names[random_below(seed, count)], stderr);
}

void program_create(struct program *p, uint64_t seed, enum machine_engine engine)
{
  p->profile = some_shipped(&seed);
  p->disk = disk_store_memory(SECTORS);
  assert_non_null(p->profile);
  assert_non_null(p->disk);
  struct machine_config config = {
      .profile = p->profile, .storage = STORAGE, .disk = p->disk, .engine = engine};
  p->machine = machine_create(&config, NULL);
  assert_non_null(p->machine);
  uint8_t sector[MACHINE_SECTOR_SIZE];
  for (size_t i = 0; i < sizeof sector; i += 4) {
    uint32_t word = pick_word(&seed);
    memcpy(sector + i, &word, 4);
  }
  disk_store_write(p->disk, random_below(&seed, SECTORS), sector);
  fill_words(p->machine, &seed, 0x100, STORAGE);
  fill_vectors(p->machine, &seed);
  set_state(p->machine, &seed);
  for (unsigned i = 0; i < 10; i++) {
    machine_console_input(p->machine, i * 700, (uint8_t)seed);
  }
}

void program_destroy(struct program *p)
{
  machine_destroy(p->machine);
  disk_store_destroy(p->disk);
  profile_destroy(p->profile);
}
