#include "tests/common/mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"

static uint32_t next_word(uint64_t *seed)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 32);
}

static uint32_t below(uint64_t *seed, uint32_t limit)
{
  return (uint32_t)(((uint64_t)next_word(seed) * limit) >> 32);
}

/* No part of program.h, so that the machine's tests, which have the same names, can have this. */
static void must(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "# mapped: %s\n", what);
    abort();
  }
}

static uint32_t word(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  struct isa_decoded d = {
      .insn = insn, .a = (uint8_t)a, .b = (uint8_t)b, .c = (uint8_t)c, .imm = imm};
  uint32_t encoded = 0;
  must(isa_encode(&d, &encoded, NULL, NULL, NULL) == ISA_ENCODE_OK, "an operand does not fit");
  return encoded;
}

/* mfcr, mtcr. */
static uint32_t cr_access(enum isa_insn insn, unsigned a, enum isa_cr cr)
{
  struct isa_decoded d = {.insn = insn, .a = (uint8_t)a, .n = (uint8_t)cr};
  uint32_t encoded = 0;
  must(isa_encode(&d, &encoded, NULL, NULL, NULL) == ISA_ENCODE_OK, "no such register");
  return encoded;
}

static void put_at(struct machine *m, uint32_t at, uint32_t value)
{
  must(machine_phys_write_word(m, gpa(at), value), "beyond storage");
}

static void put_words(struct machine *m, uint32_t at, const uint32_t *words, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    put_at(m, at + 4 * (uint32_t)i, words[i]);
  }
}

/* Pages of storage. */
enum {
  PAGE_HANDLERS = 0,  /* and the vectors */
  PAGE_CODE = 1,      /* three */
  PAGE_DIRECTORY = 4, /* two */
  PAGE_TABLE = 6,     /* three */
  PAGE_DATA = 9,
  /* Of machines with a second level, its directory and table; else two of data. */
  PAGE_SECOND = 9,
  PAGE_SECOND_TABLE = 10,
  PAGES = MAPPED_STORAGE / ISA_PAGE_SIZE
};
#define HANDLERS 0x200u

static uint32_t pick(uint64_t *seed, const uint32_t *from, uint32_t count)
{
  return from[below(seed, count)];
}
#define PICK(seed, ...)                                                                            \
  pick(seed, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

struct profile *mapped_profile(uint64_t seed, const char *mmu)
{
  static const char *const bases[] = {"pg", "vax", "pdp11", "x86", "riscv"};
  static const char *const virtualizable[] = {"pg", "riscv", "mips", "m68010"};
  char text[200];
  next_word(&seed);
  const char *base = mmu ? virtualizable[below(&seed, 4)] : bases[below(&seed, 5)];
  bool tlb = below(&seed, 3) == 0;
  bool nested = below(&seed, 5) < 2;
  bool kseg = below(&seed, 2) == 0 && !(mmu && strcmp(mmu, "bounds") == 0);
  bool mmio = below(&seed, 4) == 0;
  snprintf(text, sizeof text, "profile mapped; extends %s; mmu %s; io %s;%s", base,
           mmu      ? mmu
           : tlb    ? "tlb"
           : nested ? "nested"
                    : "paged",
           mmio ? "mmio" : "ports", kseg ? " kseg;" : "");
  struct profile *p = profile_parse("mapped.profile", text, strlen(text), stderr);
  must(p, "no profile");
  return p;
}

uint32_t mapped_address(uint64_t *seed)
{
  uint32_t region = PICK(seed, 0, 0, 0, 0, 1, 1, 2, 512, 512, 1023, 4);
  uint32_t page =
      below(seed, 8) == 0 ? PICK(seed, 1023, 512, 1, 256, 512 + 4) : below(seed, PAGES + 1);
  uint32_t offset = PICK(seed, 0, 4, 8, 16, 64, 4092, 4088, 2048, 40, 3072);
  switch (below(seed, 16)) {
  case 0:
    return next_word(seed);
  case 1:
  case 2:
    return region << 22 | page << 12 | 0xffc; /* two words lie in two pages */
  default:
    break;
  }
  offset = (offset + below(seed, 8) * 4) % 4096;
  return region << 22 | page << 12 | offset | (below(seed, 24) == 0 ? 1 : 0);
}

/* `bit` in all but one of `odds` cases; or, with odds 0, in one of four. */
static uint32_t mostly(uint64_t *seed, uint32_t bit, uint32_t odds)
{
  bool yes = odds ? below(seed, odds) != 0 : below(seed, 4) == 0;
  return yes ? bit : 0;
}

static uint32_t flags(uint64_t *seed)
{
  uint32_t level = PICK(seed, 3, 3, 3, 2, 1, 0);
  uint32_t rights = mostly(seed, PTE_VALID, 8);
  rights |= mostly(seed, PTE_WRITE, 4);
  rights |= mostly(seed, PTE_EXECUTE, 5);
  rights |= mostly(seed, PTE_ACCESSED, 2);
  rights |= mostly(seed, PTE_DIRTY, 2);
  rights |= mostly(seed, PTE_GLOBAL, 0);
  rights |= below(seed, 12) == 0 ? PTE_FETCH_ONLY : 0;
  return rights | level << PTE_LEVEL_SHIFT | below(seed, 8) << 9;
}

static uint32_t frame(uint64_t *seed, uint32_t wish)
{
  switch (below(seed, 10)) {
  case 0:
    return PICK(seed, PAGES, 0xfffff, 0x7ffff, PAGES + 3);
  case 1:
  case 2:
  case 3:
    return below(seed, PAGES);
  default:
    return wish;
  }
}

static uint32_t entry_for(uint64_t *seed, uint32_t wish)
{
  uint32_t page = frame(seed, wish);
  return page << 12 | flags(seed);
}

static uint32_t table_entry(uint64_t *seed, uint32_t index)
{
  return entry_for(seed, index % PAGES);
}

static uint32_t directory_entry(uint64_t *seed)
{
  uint32_t table = PICK(seed, PAGE_TABLE, PAGE_TABLE, PAGE_TABLE + 1, PAGE_TABLE + 2,
                        PAGE_DIRECTORY, PAGE_DIRECTORY + 1);
  return entry_for(seed, table);
}

/* Of the second level, through which every access must come several times. */
static uint32_t second_entry(uint64_t *seed, uint32_t index)
{
  uint32_t rights = mostly(seed, PTE_VALID, 24);
  rights |= mostly(seed, PTE_WRITE, 10);
  rights |= mostly(seed, PTE_EXECUTE, 12);
  rights |= mostly(seed, PTE_ACCESSED, 2);
  rights |= mostly(seed, PTE_DIRTY, 2);
  rights |= below(seed, 24) ? 0 : PTE_FETCH_ONLY;
  rights |= below(seed, 4) << PTE_LEVEL_SHIFT;
  uint32_t page = below(seed, 16) ? index % PAGES : below(seed, PAGES + 2);
  return page << 12 | rights;
}

static uint32_t second_directory_entry(uint64_t *seed)
{
  uint32_t table = below(seed, 12) ? PAGE_SECOND_TABLE : below(seed, PAGES + 1);
  return table << 12 | mostly(seed, PTE_VALID, 16);
}

static uint32_t any_nptbr(uint64_t *seed)
{
  uint32_t page = below(seed, 10) ? PAGE_SECOND : below(seed, PAGES + 1);
  uint32_t more = below(seed, 4) << 1;
  return page << 12 | more | mostly(seed, NPTBR_ON, 6);
}

static bool is_relocated(const struct profile *p)
{
  return profile_features(p) & ISA_FEATURE_MMU_BOUNDS;
}

static bool is_nested(const struct profile *p)
{
  return profile_features(p) & ISA_FEATURE_MMU_NESTED;
}

/* ------------------------------------------------------------- instructions */

static uint32_t any_reg(uint64_t *seed)
{
  return below(seed, ISA_REG_COUNT);
}

static uint32_t on_two(uint64_t *seed, enum isa_insn insn, uint32_t imm)
{
  uint32_t b = any_reg(seed), a = any_reg(seed);
  return word(insn, a, b, 0, imm);
}

static uint32_t memory_word(uint64_t *seed)
{
  enum isa_insn insn = PICK(seed, ISA_LW, ISA_LW, ISA_LW, ISA_SW, ISA_SW, ISA_SW, ISA_LB, ISA_LBU,
                            ISA_LH, ISA_SB, ISA_SH, ISA_LDPREV, ISA_STPREV);
  uint32_t offset = below(seed, 6) ? (below(seed, 32) - 16) * 4 : below(seed, 9);
  return on_two(seed, insn, offset);
}

static uint32_t cr_word(uint64_t *seed, const struct profile *p)
{
  if (is_relocated(p)) {
    enum isa_cr cr = PICK(seed, CR_BASE, CR_BOUND, CR_EPSW, CR_BADVA, CR_EPC);
    uint32_t reg = any_reg(seed);
    return cr_access(below(seed, 4) ? ISA_MFCR : ISA_MTCR, reg, cr);
  }
  bool paged = profile_features(p) & ISA_FEATURE_MMU_PAGED;
  enum isa_insn insn = below(seed, 2) ? ISA_MFCR : ISA_MTCR;
  if (is_nested(p) && below(seed, 4) == 0) {
    enum isa_cr cr = below(seed, 2) ? CR_NPTBR : CR_NGPA;
    return cr_access(insn, any_reg(seed), cr);
  }
  enum isa_cr cr = paged ? PICK(seed, CR_PTBR, CR_PTBR, CR_ASID, CR_EPSW, CR_BADVA, CR_EPC)
                         : PICK(seed, CR_TLBHI, CR_TLBLO, CR_TLBIX, CR_TLBRND, CR_ASID, CR_EPSW);
  return cr_access(insn, any_reg(seed), cr);
}

static uint32_t system_word(uint64_t *seed, const struct profile *p)
{
  bool paged = profile_features(p) & ISA_FEATURE_MMU_PAGED;
  uint32_t imm;
  switch (below(seed, 13)) {
  case 0:
    return on_two(seed, ISA_TLBI, 0);
  case 1:
    return word(paged ? ISA_TLBI : ISA_TLBW, 0, 0, 0, 0);
  case 2:
    return word(paged ? ISA_RDPSW : ISA_TLBP, 0, 0, 0, 0);
  case 3:
    return on_two(seed, ISA_LRA, 0);
  case 4:
    return on_two(seed, ISA_PROBE, below(seed, 4));
  case 5:
    imm = PICK(seed, 0, 0, 0, 4, 8, 4092);
    return word(ISA_LPSW, 0, any_reg(seed), 0, imm);
  case 6:
    return word(ISA_RFE, 0, 0, 0, 0);
  case 7:
    return word(ISA_JUSER, 0, any_reg(seed), 0, 0);
  case 8:
    return word(ISA_LPSW, 0, any_reg(seed), 0, 0);
  case 10:
    return word(ISA_PUSHF, 0, 0, 0, 0);
  case 9:
    return word(ISA_SYS, 0, 0, 0, 1);
  default:
    return cr_word(seed, p);
  }
}

static uint32_t jump_word(uint64_t *seed)
{
  uint32_t offset = (below(seed, 64) - 20) * 4, a, b;
  switch (below(seed, 5)) {
  case 0:
    return word(ISA_JAL, REG_RA, 0, 0, PICK(seed, 0x1000, -0x1000u, 0x2000, offset));
  case 1:
    offset = below(seed, 8) * 4;
    return word(ISA_JALR, REG_RA, any_reg(seed), 0, offset);
  default:
    b = any_reg(seed);
    a = any_reg(seed);
    return word(below(seed, 2) ? ISA_BEQ : ISA_BLTU, a, b, 0, offset);
  }
}

static uint32_t simple_word(uint64_t *seed)
{
  uint32_t some;
  switch (below(seed, 5)) {
  case 0:
    some = PICK(seed, 0x4000, 0x6000, 0x7000, 0x400000, 0x80004000, 0xffc00000);
    return word(ISA_LUI, any_reg(seed), 0, 0, some);
  case 1:
    return on_two(seed, ISA_XORI, PICK(seed, 1, 2, 4, 8, 0x18, 0x20, 0x40, 0x60));
  case 2: {
    uint32_t c = any_reg(seed), b = any_reg(seed);
    return word(ISA_ADD, any_reg(seed), b, c, 0);
  }
  default:
    return on_two(seed, ISA_ADDI, below(seed, 16) * 4);
  }
}

static uint32_t any_word(uint64_t *seed, const struct profile *p)
{
  switch (below(seed, 20)) {
  case 0:
  case 1:
    return system_word(seed, p);
  case 2:
  case 3:
  case 4:
    return jump_word(seed);
  case 5:
  case 6:
  case 7:
  case 8:
    return simple_word(seed);
  case 9:
    return below(seed, 8) == 0 ? next_word(seed) : simple_word(seed);
  default:
    return memory_word(seed);
  }
}

/* ----------------------------------------------------------------- handlers */

/* Goes on behind the instruction. */
static uint32_t skip_handler(struct machine *m, uint32_t at)
{
  const uint32_t words[] = {
      cr_access(ISA_MTCR, REG_T0, CR_SCR0), cr_access(ISA_MFCR, REG_T0, CR_EPC),
      word(ISA_ADDI, REG_T0, REG_T0, 0, 4), cr_access(ISA_MTCR, REG_T0, CR_EPC),
      cr_access(ISA_MFCR, REG_T0, CR_SCR0), word(ISA_RFE, 0, 0, 0, 0),
  };
  put_words(m, at, words, sizeof words / sizeof *words);
  return at + sizeof words;
}

/* Maps the page at fault, in a table chosen here, or puts it into the TLB, and tries again. */
static uint32_t map_handler(struct machine *m, uint64_t *seed, uint32_t at)
{
  bool paged = profile_features(machine_profile(m)) & ISA_FEATURE_MMU_PAGED;
  uint32_t rights = (flags(seed) | 1) & 0xff;
  const uint32_t common[] = {
      cr_access(ISA_MFCR, REG_A4, CR_BADVA),    word(ISA_SRLI, REG_A3, REG_A4, 0, 12),
      word(ISA_ANDI, REG_A2, REG_A3, 0, 15),    word(ISA_SLLI, REG_A2, REG_A2, 0, 12),
      word(ISA_ORI, REG_A2, REG_A2, 0, rights),
  };
  const uint32_t tables[] = {
      word(ISA_ANDI, REG_A3, REG_A3, 0, 1023),
      word(ISA_SLLI, REG_A3, REG_A3, 0, 2),
      word(ISA_LUI, REG_A5, 0, 0, (PAGE_TABLE + below(seed, 3)) << 12),
      word(ISA_ADD, REG_A5, REG_A5, REG_A3, 0),
      word(ISA_SW, REG_A2, REG_A5, 0, 0),
      word(ISA_RFE, 0, 0, 0, 0),
  };
  const uint32_t tlb[] = {
      cr_access(ISA_MFCR, REG_A5, CR_ASID),
      word(ISA_SLLI, REG_A3, REG_A3, 0, 12),
      word(ISA_OR, REG_A3, REG_A3, REG_A5, 0),
      cr_access(ISA_MTCR, REG_A3, CR_TLBHI),
      cr_access(ISA_MTCR, REG_A2, CR_TLBLO),
      word(ISA_TLBP, 0, 0, 0, 0),
      word(ISA_TLBW, 0, 0, 0, 0),
      word(ISA_RFE, 0, 0, 0, 0),
  };
  put_words(m, at, common, sizeof common / sizeof *common);
  at += sizeof common;
  put_words(m, at, paged ? tables : tlb, paged ? sizeof tables / 4 : sizeof tlb / 4);
  return at + (uint32_t)(paged ? sizeof tables : sizeof tlb);
}

/* Maps the page at nested fault. */
static uint32_t second_handler(struct machine *m, uint32_t at)
{
  const uint32_t words[] = {
      cr_access(ISA_MFCR, REG_A4, CR_NGPA),
      word(ISA_SRLI, REG_A3, REG_A4, 0, 12),
      word(ISA_ANDI, REG_A2, REG_A3, 0, 15),
      word(ISA_SLLI, REG_A2, REG_A2, 0, 12),
      word(ISA_ORI, REG_A2, REG_A2, 0, PTE_VALID | PTE_WRITE | PTE_EXECUTE),
      word(ISA_ANDI, REG_A3, REG_A3, 0, 1023),
      word(ISA_SLLI, REG_A3, REG_A3, 0, 2),
      word(ISA_LUI, REG_A5, 0, 0, PAGE_SECOND_TABLE << 12),
      word(ISA_ADD, REG_A5, REG_A5, REG_A3, 0),
      word(ISA_SW, REG_A2, REG_A5, 0, 0),
      word(ISA_RFE, 0, 0, 0, 0),
  };
  put_words(m, at, words, sizeof words / sizeof *words);
  return at + sizeof words;
}

static void put_handlers(struct machine *m, uint64_t *seed)
{
  uint32_t skip = HANDLERS, map[3], at = skip_handler(m, skip);
  for (unsigned i = 0; i < 3; i++) {
    map[i] = at;
    at = map_handler(m, seed, at);
  }
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    bool fault = cause == CAUSE_LOAD_FAULT || cause == CAUSE_STORE_FAULT ||
                 cause == CAUSE_FETCH_FAULT || cause == CAUSE_PROTECTION;
    uint32_t handler = fault && below(seed, 2) ? map[below(seed, 3)] : skip;
    put_at(m, 4 * cause, handler);
  }
  for (unsigned cause = CAUSE_NESTED_FETCH;
       is_nested(machine_profile(m)) && cause <= CAUSE_NESTED_STORE; cause++) {
    put_at(m, 4 * cause, below(seed, 3) ? at : skip);
  }
  if (is_nested(machine_profile(m))) {
    second_handler(m, at);
  }
}

/* -------------------------------------------------------------------- state */

static uint32_t any_psw(uint64_t *seed)
{
  uint32_t psw = psw_set_mode(0, below(seed, 4));
  psw = psw_set_pmode(psw, below(seed, 4));
  return psw_set_te(psw, below(seed, 8) != 0);
}

static void put_tlb(struct machine *m, uint64_t *seed, unsigned index)
{
  uint32_t va = mapped_address(seed);
  uint32_t lo = table_entry(seed, va / ISA_PAGE_SIZE);
  machine_tlb_set(m, index, (va & 0xfffff000u) | below(seed, 3), lo);
}

static void restart(struct machine *m, uint64_t *seed)
{
  machine_set_run_state(m, MACHINE_RUNNING);
  machine_set_cr(m, CR_PSW, any_psw(seed));
  machine_set_cr(m, CR_EPSW, any_psw(seed));
  machine_set_cr(m, CR_PTBR, (PAGE_DIRECTORY + below(seed, 2)) << 12);
  if (is_nested(machine_profile(m))) {
    machine_set_cr(m, CR_NPTBR, any_nptbr(seed));
  }
  if (is_relocated(machine_profile(m))) {
    machine_set_cr(m, CR_BASE, PICK(seed, 0, 0, 0, 0x1000, 0x2000, 0xf000, 4, 0x800));
    machine_set_cr(m, CR_BOUND, PICK(seed, 0x10000, 0x4a04, 0x6900, 0x7100, 0x8802, 0x5c00));
  }
  uint32_t far = below(seed, 3) ? 0 : below(seed, 3) << 22;
  machine_set_pc(m, far | (PAGE_CODE + below(seed, 3)) << 12);
}

static void put_second_level(struct machine *m, uint64_t *seed)
{
  for (uint32_t i = 0; i < PAGE_TABLE_ENTRIES; i++) {
    put_at(m, (PAGE_SECOND << 12) + 4 * i, second_directory_entry(seed));
    put_at(m, (PAGE_SECOND_TABLE << 12) + 4 * i, second_entry(seed, i));
  }
}

static void set_registers(struct machine *m, uint64_t *seed)
{
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    machine_set_reg(m, i, below(seed, 4) ? mapped_address(seed) : table_entry(seed, i));
  }
}

void mapped_fill(struct machine *m, uint64_t seed)
{
  const struct profile *p = machine_profile(m);
  put_handlers(m, &seed);
  for (uint32_t at = PAGE_CODE << 12; at < PAGE_DIRECTORY << 12; at += 4) {
    put_at(m, at, any_word(&seed, p));
  }
  for (uint32_t at = PAGE_DIRECTORY << 12; at < PAGE_TABLE << 12; at += 4) {
    put_at(m, at, below(&seed, 8) ? directory_entry(&seed) : 0);
  }
  for (uint32_t at = PAGE_TABLE << 12; at < PAGE_DATA << 12; at += 4) {
    put_at(m, at, table_entry(&seed, at % ISA_PAGE_SIZE / 4));
  }
  for (uint32_t at = PAGE_DATA << 12; at < MAPPED_STORAGE; at += 64) {
    put_at(m, at, below(&seed, 2) ? any_psw(&seed) : mapped_address(&seed));
  }
  if (is_nested(p)) {
    put_second_level(m, &seed);
  }
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    put_tlb(m, &seed, i);
  }
  set_registers(m, &seed);
  restart(m, &seed);
}

struct machine *mapped_create(const struct profile *p, uint64_t seed, enum machine_engine engine)
{
  struct machine_config config = {.profile = p, .storage = MAPPED_STORAGE, .engine = engine};
  struct machine *m = machine_create(&config, NULL);
  must(m, "no machine");
  mapped_fill(m, seed);
  return m;
}

/* Some entries become others, or there is another second level. */
static void kick_second_level(struct machine *m, uint64_t *seed)
{
  if (!is_nested(machine_profile(m))) {
    return;
  }
  uint32_t entry;
  switch (below(seed, 4)) {
  case 0:
    entry = second_directory_entry(seed);
    put_at(m, (PAGE_SECOND << 12) + 4 * PICK(seed, 0, 0, 1, 2, 512), entry);
    break;
  case 1:
    machine_set_cr(m, CR_NPTBR, any_nptbr(seed));
    break;
  default:
    for (uint32_t page = 0; page < PAGES; page++) {
      if (below(seed, 3) == 0) {
        put_at(m, (PAGE_SECOND_TABLE << 12) + 4 * page, second_entry(seed, below(seed, PAGES)));
      }
    }
    break;
  }
}

void mapped_kick(struct machine *m, uint64_t seed, bool revive)
{
  next_word(&seed);
  if (revive || below(&seed, 2) == 0) {
    set_registers(m, &seed);
    restart(m, &seed);
  }
  uint32_t at, value;
  switch (below(&seed, 8)) {
  case 0:
    set_registers(m, &seed);
    break;
  case 1:
    at = below(&seed, 3 * 1024);
    put_at(m, (PAGE_TABLE << 12) + 4 * at, table_entry(&seed, at));
    break;
  case 2:
    value = directory_entry(&seed);
    put_at(m, (PAGE_DIRECTORY << 12) + 4 * below(&seed, 2048), value);
    break;
  case 3:
    machine_set_cr(m, CR_PTBR, PICK(&seed, 0x4000, 0x5000, 0x6000, 0xfffff000, 0x10000, 0xf000));
    break;
  case 4:
    machine_set_cr(m, CR_ASID, below(&seed, 3));
    put_tlb(m, &seed, below(&seed, TLB_ENTRIES));
    break;
  case 5:
    value = any_word(&seed, machine_profile(m));
    put_at(m, (PAGE_CODE << 12) + 4 * below(&seed, 3072), value);
    break;
  case 6:
  case 7:
    kick_second_level(m, &seed);
    break;
  default:
    break;
  }
}
