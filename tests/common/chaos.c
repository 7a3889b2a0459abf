#include "tests/common/chaos.h"

#include <stdlib.h>

#include "machine/devices/ports.h"

#define CODE_START 0x1000u
#define CODE_WORDS 1500u
#define ANY        ISA_REG_COUNT

/* Addresses near everything that matters: code, data, the ends of storage and
 * of the address space. */
static uint32_t random_address(struct random *r, uint32_t storage)
{
  switch (random_below(r, 10)) {
  case 0:
    return storage - 16 + random_below(r, 24);
  case 1:
    return 0u - random_below(r, 24);
  case 2:
    return random_word(r);
  case 3:
    return CODE_START + 4 * random_below(r, CODE_WORDS);
  case 4:
    return random_below(r, storage);
  default:
    return CHAOS_DATA + 4 * random_below(r, CHAOS_DATA_SIZE / 4);
  }
}

static uint32_t random_code(struct random *r)
{
  return CODE_START + 4 * random_below(r, CODE_WORDS - 1);
}

static uint32_t random_bound(struct random *r, uint32_t storage)
{
  switch (random_below(r, 6)) {
  case 0:
    return random_word(r);
  case 1:
    return UINT32_MAX;
  case 2:
    return storage - random_below(r, 8);
  default:
    return storage - ISA_PAGE_SIZE * random_below(r, storage / ISA_PAGE_SIZE);
  }
}

static uint32_t random_base(struct random *r, uint32_t storage)
{
  switch (random_below(r, 8)) {
  case 0:
    return random_word(r);
  case 1:
    return 0u - ISA_PAGE_SIZE * random_below(r, 4);
  case 2:
    return random_below(r, 64);
  case 3:
  case 4:
    return ISA_PAGE_SIZE * random_below(r, storage / ISA_PAGE_SIZE + 2);
  default:
    return 0;
  }
}

uint32_t random_cr_value(struct random *r, enum isa_cr cr, uint32_t storage)
{
  switch (cr) {
  case CR_PSW:
  case CR_EPSW: {
    uint32_t psw = random_word(r) & PSW_ALL_MASK;
    return random_below(r, 3) ? psw_set_te(psw, 0) : psw;
  }
  case CR_EPC:
    return random_code(r);
  case CR_VBR:
    return random_below(r, 40) ? 0 : random_address(r, storage);
  case CR_TIMER:
    return random_below(r, 8) ? random_below(r, 60) : random_word(r);
  case CR_BASE:
    return random_base(r, storage);
  case CR_BOUND:
    return random_bound(r, storage);
  case CR_IMASK:
    return random_below(r, 3) ? 0x1f : random_word(r);
  default:
    return random_word(r);
  }
}

static unsigned random_reg(struct random *r)
{
  return random_below(r, ISA_REG_COUNT);
}

void put_wild(struct program *p, struct random *r, enum isa_insn insn)
{
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn)->format);
  struct isa_decoded d = {.insn = insn,
                          .a = (uint8_t)random_reg(r),
                          .b = (uint8_t)random_reg(r),
                          .c = (uint8_t)random_reg(r),
                          .n = (uint8_t)random_below(r, ISA_CR_COUNT)};
  for (size_t i = 0; i < format->operand_count; i++) {
    const struct isa_operand *o = &format->operands[i];
    if (o->slot == ISA_SLOT_IMM) {
      int64_t low, high;
      isa_operand_range(o, &low, &high);
      d.imm = o->kind == ISA_OPERAND_REL     ? 4 * (random_below(r, 40) - 12)
              : o->kind == ISA_OPERAND_UPPER ? random_word(r) & 0xfffff000u
              : random_below(r, 2) ? (uint32_t)low + random_word(r) % (uint32_t)(high - low + 1)
                                   : random_below(r, 1u + (uint32_t)(high < 32 ? high : 32));
    }
  }
  uint32_t word = 0;
  if (isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK) {
    put_word(p, word);
  }
}

void put_any(struct program *p, struct random *r)
{
  enum isa_insn insn = (enum isa_insn)random_below(r, ISA_INSN_COUNT);
  if (insn == ISA_HALT && random_below(r, 10)) {
    insn = ISA_ADD;
  }
  put_wild(p, r, insn);
}

void put_access(struct program *p, struct random *r, uint32_t storage)
{
  static const enum isa_insn accesses[] = {
      ISA_LB, ISA_LH, ISA_LW,   ISA_LBU,  ISA_LHU,    ISA_SB,     ISA_SH,  ISA_SW,
      ISA_LW, ISA_SW, ISA_LPSW, ISA_SVBR, ISA_LDPREV, ISA_STPREV, ISA_LRA, ISA_PROBE};
  enum isa_insn insn = accesses[random_below(r, sizeof accesses / sizeof accesses[0])];
  unsigned base = 1 + random_below(r, ISA_REG_COUNT - 1);
  put_li(p, base, random_address(r, storage));
  uint32_t offset = insn == ISA_LRA ? 0 : random_below(r, 4);
  put(p, insn, random_reg(r), base, 0, offset);
}

void put_disk(struct program *p, struct random *r, uint32_t storage, uint32_t sectors)
{
  uint32_t wild = random_below(r, 8) == 0;
  uint32_t sector = wild ? random_word(r) : random_below(r, sectors + 1);
  uint32_t address = wild ? random_address(r, storage) : CHAOS_DATA + 4 * random_below(r, 256);
  uint32_t count = random_below(r, 6) ? 1 + random_below(r, 3) : random_below(r, 140);
  uint32_t values[] = {sector, address, count, 1 + random_below(r, random_below(r, 9) ? 2 : 3)};
  for (uint32_t i = 0; i < 4; i++) {
    put_li(p, REG_T0, values[i]);
    put(p, ISA_OUT, REG_T0, REG_ZERO, 0, PORT_DISK_SECTOR + i);
  }
  put(p, ISA_IN, random_reg(r), REG_ZERO, 0, PORT_DISK_STATUS);
}

void put_stack(struct program *p, struct random *r)
{
  put_li(p, REG_SP, CHAOS_DATA + 4 * random_below(r, 64));
  if (random_below(r, 2)) {
    put(p, ISA_PUSHF, 0, 0, 0, 0);
    put(p, random_below(r, 2) ? ISA_CLI : ISA_STI, 0, 0, 0, 0);
  }
  put(p, ISA_POPF, 0, 0, 0, 0);
}

/* To user mode and elsewhere, by rfe or lpsw. */
static void put_switch(struct program *p, struct random *r, uint32_t storage)
{
  put_set_cr(p, CR_EPSW, random_cr_value(r, CR_EPSW, storage), REG_T1);
  put_set_cr(p, CR_EPC, random_below(r, 3) ? here(p) + 12 : random_code(r), REG_T1);
  put(p, ISA_RFE, 0, 0, 0, 0);
}

static void put_user(struct program *p, struct random *r, uint32_t storage)
{
  put_set_cr(p, CR_BASE, random_base(r, storage), REG_T1);
  put_set_cr(p, CR_BOUND, random_bound(r, storage), REG_T1);
  put_li(p, REG_T2, random_below(r, 2) ? here(p) + 12 : random_code(r));
  put(p, ISA_JUSER, 0, REG_T2, 0, random_below(r, 4) ? 0 : random_below(r, 3));
}

/* Mostly a key that fits often, of a block that is used. */
static void put_key(struct program *p, struct random *r, uint32_t storage)
{
  uint32_t wild = random_below(r, 6) == 0;
  put_li(p, REG_T0, wild ? random_word(r) : random_below(r, 3));
  put_li(p, REG_T1, random_address(r, storage));
  put(p, random_below(r, 4) ? ISA_SSK : ISA_ISK, REG_T0, REG_T1, 0, 0);
  put(p, ISA_ISK, random_reg(r), REG_T1, 0, 0);
}

static void put_piece(struct program *p, struct random *r, uint32_t storage, uint32_t sectors)
{
  static const enum isa_cr often[] = {CR_PSW,   CR_TIMER, CR_BASE, CR_BOUND, CR_IPEND,
                                      CR_IMASK, CR_VBR,   CR_EPC,  CR_SCR1,  CR_TICK};
  enum isa_cr cr = often[random_below(r, sizeof often / sizeof often[0])];
  unsigned reg;
  switch (random_below(r, 14)) {
  case 0:
    reg = 1 + random_below(r, 15);
    put_set_cr(p, cr, random_cr_value(r, cr, storage), reg);
    break;
  case 1:
    put_set_cr(p, CR_TIMER, random_cr_value(r, CR_TIMER, storage), REG_T0);
    put(p, ISA_STI, 0, 0, 0, 0);
    break;
  case 2:
    put_cr(p, ISA_MFCR, cr, random_reg(r));
    break;
  case 3:
  case 4:
  case 5:
    put_access(p, r, storage);
    break;
  case 6:
    put_stack(p, r);
    break;
  case 7:
    put_switch(p, r, storage);
    break;
  case 8:
    put_user(p, r, storage);
    break;
  case 9:
    if (sectors) {
      put_disk(p, r, storage, sectors);
    }
    break;
  default:
    put_any(p, r);
  }
}

static void scramble(struct machine *m, struct random *r)
{
  uint32_t storage = machine_storage_size(m);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, random_address(r, storage));
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr cr = (enum isa_cr)i;
    uint32_t value = random_cr_value(r, cr, storage);
    if (profile_has_cr(machine_profile(m), cr) && cr != CR_PSW && cr != CR_VBR) {
      machine_set_cr(m, cr, value);
    }
  }
}

void load_chaos(struct machine *m, struct random *r, uint32_t sectors)
{
  uint32_t storage = machine_storage_size(m);
  struct program *p = calloc(1, sizeof *p);
  insist(p, "no memory");
  p->origin = CODE_START;
  bool keyed = (profile_features(machine_profile(m)) & ISA_FEATURE_KEYS) != 0;
  while (p->count < CODE_WORDS) {
    if (keyed && random_below(r, 8) == 0) {
      put_key(p, r, storage);
    }
    put_piece(p, r, storage, sectors);
  }
  load_program(m, p);
  free(p);
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    uint32_t handler = random_code(r);
    handler += random_below(r, 400) == 0 ? 2 : 0;
    machine_phys_write_word(m, gpa(4 * cause), handler);
  }
  for (uint32_t at = CHAOS_DATA; at < CHAOS_DATA + CHAOS_DATA_SIZE; at += 4) {
    machine_phys_write_word(m, gpa(at), random_below(r, 2) ? random_code(r) : random_word(r));
  }
  scramble(m, r);
  for (uint32_t i = random_below(r, 12); i > 0; i--) {
    uint64_t at = random_below(r, 2000);
    machine_console_input(m, at, (uint8_t)random_word(r));
  }
}

void stir_chaos(struct machine *m, struct random *r)
{
  machine_set_run_state(m, MACHINE_RUNNING);
  machine_set_pc(m, random_code(r));
  switch (random_below(r, 4)) {
  case 0:
    machine_set_cr(m, CR_PSW, random_cr_value(r, CR_PSW, machine_storage_size(m)));
    break;
  case 1:
    machine_set_cr(m, CR_PSW, 0);
    machine_set_cr(m, CR_VBR, 0);
    break;
  case 2:
    machine_idle(m, machine_tick(m) + random_below(r, 2000));
    break;
  default:
    scramble(m, r);
  }
}
