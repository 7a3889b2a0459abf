#include "tests/random/guest.h"

#include <string.h>

#include "machine/devices/ports.h"
#include "tests/common/chaos.h"

/* Where things lie. The pieces of tests/common/chaos.c think of the same places. */
#define VECTORS        0u
#define OTHER_VECTORS  0x400u
#define BOOT           0x1000u
#define HANDLERS       0x1800u
#define HANDLERS_SHIFT 11u     /* tells boot from what follows it */
#define HANDLERS_FULL  0x2600u /* from here on without extras */
#define USERS          0x3000u /* a page each */
#define USER_COUNT     3u
#define DATA           0x6000u
#define DATA_SIZE      0x4000u
#define USER_WORDS     600u
#define BOOT_WORDS     400u

/* What a guest's code is made with. */
struct maker {
  struct guest *g;
  struct random r;
  struct program p;        /* the part in the making */
  unsigned wild;           /* out of 100: how often something silly is done */
  enum isa_insn favourite; /* is met more often, so that each is met often in some guest */
  bool devoted;            /* and as often as can be */
  uint32_t base, bound;
  uint32_t entry[USER_COUNT]; /* virtual */
};

static bool silly(struct maker *k)
{
  return random_below(&k->r, 100) < k->wild;
}

static bool keyed(const struct maker *k)
{
  return (profile_features(k->g->profile) & ISA_FEATURE_KEYS) != 0;
}

/* Few, so that they often fit. */
static uint32_t some_key(struct maker *k)
{
  uint32_t key = random_below(&k->r, 3);
  return silly(k) ? random_word(&k->r) : key + (random_below(&k->r, 4) == 0 ? KEY_FETCH : 0);
}

static void begin(struct maker *k, uint32_t origin)
{
  k->p.origin = origin;
  k->p.count = 0;
}

static void end(struct maker *k)
{
  memcpy(&k->g->word[k->p.origin / 4], k->p.words, 4 * k->p.count);
}

static uint32_t user_psw(struct maker *k)
{
  uint32_t psw = psw_set_mode(0, 1 + random_below(&k->r, profile_user_mode(k->g->profile)));
  psw = psw_set_ie(psw, random_below(&k->r, 4) != 0);
  psw = psw_set_te(psw, k->base != 0 || random_below(&k->r, 4) != 0);
  if (keyed(k)) {
    psw = psw_set_key(psw, random_below(&k->r, 3));
  }
  return silly(k) ? random_cr_value(&k->r, CR_PSW, GUEST_STORAGE) : psw;
}

static uint32_t user_entry(struct maker *k)
{
  return k->entry[random_below(&k->r, USER_COUNT)];
}

/* ---------------------------------------------------------------- pieces */

/* Short times: the interrupt should fall into whatever is near. */
static uint32_t timer_value(struct maker *k)
{
  return silly(k) ? random_word(&k->r) : 1 + random_below(&k->r, random_below(&k->r, 3) ? 40 : 400);
}

static void put_timer(struct maker *k)
{
  put_set_cr(&k->p, CR_TIMER, timer_value(k), REG_T0);
}

static void put_map(struct maker *k)
{
  bool wild = silly(k);
  put_set_cr(&k->p, CR_BASE, wild ? random_cr_value(&k->r, CR_BASE, GUEST_STORAGE) : k->base,
             REG_T0);
  put_set_cr(&k->p, CR_BOUND, wild ? random_cr_value(&k->r, CR_BOUND, GUEST_STORAGE) : k->bound,
             REG_T0);
}

/* To a user program, one way or another. */
static void put_enter(struct maker *k)
{
  uint32_t psw = user_psw(k), entry = user_entry(k);
  uint32_t at = DATA + 8 * random_below(&k->r, 16);
  switch (random_below(&k->r, 4)) {
  case 0:
    put_set_cr(&k->p, CR_EPSW, psw, REG_T0);
    put_set_cr(&k->p, CR_EPC, entry, REG_T0);
    put(&k->p, ISA_RFE, 0, 0, 0, 0);
    break;
  case 1:
    put_li(&k->p, REG_T1, at);
    put_li(&k->p, REG_T0, psw);
    put(&k->p, ISA_SW, REG_T0, REG_T1, 0, 0);
    put_li(&k->p, REG_T0, entry);
    put(&k->p, ISA_SW, REG_T0, REG_T1, 0, 4);
    put(&k->p, ISA_LPSW, 0, REG_T1, 0, 0);
    break;
  case 2:
    put_li(&k->p, REG_T1, entry);
    put(&k->p, ISA_JUSER, 0, REG_T1, 0, silly(k) ? 2 : 0);
    break;
  default: /* goes on in line, wherever the new map makes that */
    put_set_cr(&k->p, CR_PSW, psw, REG_T0);
  }
}

/* A store into an instruction ahead, by an address as the program sees it. */
static void put_self_modify(struct maker *k, uint32_t base)
{
  uint32_t target = here(&k->p) - base + 4 * (5 + random_below(&k->r, 3));
  enum isa_insn insn = random_below(&k->r, 3) ? ISA_ADDI : ISA_XORI;
  uint32_t word = random_below(&k->r, 8) ? word_of(insn, REG_A0, REG_A0, 0, random_below(&k->r, 99))
                                         : random_word(&k->r);
  put_li(&k->p, REG_T0, word);
  put_li(&k->p, REG_T1, target);
  put(&k->p, random_below(&k->r, 6) ? ISA_SW : ISA_SB, REG_T0, REG_T1, 0, 0);
  for (unsigned i = 0; i < 3; i++) {
    put(&k->p, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  }
}

static void put_loop(struct maker *k)
{
  put(&k->p, ISA_ADDI, REG_S0, REG_ZERO, 0, 1 + random_below(&k->r, 12));
  uint32_t top = here(&k->p);
  for (unsigned i = random_below(&k->r, 5); i > 0; i--) {
    put_wild(&k->p, &k->r, (enum isa_insn)(ISA_ADD + random_below(&k->r, ISA_LB - ISA_ADD)));
  }
  put(&k->p, ISA_ADDI, REG_S0, REG_S0, 0, (uint32_t)-1);
  put(&k->p, ISA_BLT, REG_ZERO, REG_S0, 0, top - here(&k->p));
}

/* A word of data that the program may have, of any size. */
static void put_data(struct maker *k, uint32_t base)
{
  static const enum isa_insn accesses[] = {ISA_LB,  ISA_LH, ISA_LW, ISA_LBU,
                                           ISA_LHU, ISA_SB, ISA_SH, ISA_SW};
  put_li(&k->p, REG_GP, DATA - base + 4 * random_below(&k->r, DATA_SIZE / 8));
  for (unsigned i = 1 + random_below(&k->r, 4); i > 0; i--) {
    uint32_t offset = 4 * random_below(&k->r, 8);
    offset += silly(k) ? 1 : 0;
    unsigned reg = 1 + random_below(&k->r, 15);
    put(&k->p, accesses[random_below(&k->r, 8)], reg, REG_GP, 0, offset);
  }
}

/* A sensitive instruction with sensible operands, interrupts near. */
static void put_sensitive(struct maker *k)
{
  static const enum isa_cr often[] = {CR_PSW,   CR_EPC,  CR_EPSW,  CR_CAUSE, CR_BADVA, CR_TIMER,
                                      CR_IMASK, CR_TICK, CR_IPEND, CR_BASE,  CR_BOUND, CR_VBR};
  unsigned reg;
  uint32_t port;
  switch (random_below(&k->r, 6)) {
  case 0:
    reg = 8 + random_below(&k->r, 8);
    put_cr(&k->p, ISA_MFCR, often[random_below(&k->r, 12)], reg);
    break;
  case 1:
    put_set_cr(&k->p, CR_IMASK, silly(k) ? random_word(&k->r) : 0x1f, REG_T0);
    put(&k->p, ISA_STI, 0, 0, 0, 0);
    break;
  case 2:
    put_set_cr(&k->p, CR_IPEND, 1u << random_below(&k->r, 3), REG_T0);
    put(&k->p, random_below(&k->r, 2) ? ISA_STI : ISA_CLI, 0, 0, 0, 0);
    break;
  case 3:
    port =
        random_below(&k->r, 2) ? random_below(&k->r, 3) : PORT_DISK_SECTOR + random_below(&k->r, 7);
    reg = 8 + random_below(&k->r, 8);
    put(&k->p, random_below(&k->r, 2) ? ISA_IN : ISA_OUT, reg, REG_ZERO, 0, port);
    break;
  case 4: /* waits, mostly for something */
    if (random_below(&k->r, 30)) {
      put_timer(k);
    } else {
      put_set_cr(&k->p, CR_TIMER, 0, REG_T0);
    }
    put(&k->p, ISA_WFI, 0, 0, 0, 0);
    break;
  default:
    put_wild(&k->p, &k->r,
             (enum isa_insn)(ISA_SYS + random_below(&k->r, ISA_INSN_COUNT - ISA_SYS)));
  }
}

static void put_favourite(struct maker *k)
{
  bool stops = k->favourite == ISA_HALT || k->favourite == ISA_WFI;
  if (!stops || random_below(&k->r, 4) == 0) {
    put_wild(&k->p, &k->r, k->favourite);
  }
}

/* A timer that goes off just before, at the end of or just after a sensitive
 * instruction in mode 0, with interrupts on. */
static void put_ambush(struct maker *k)
{
  enum isa_insn insn = (enum isa_insn)(ISA_SYS + random_below(&k->r, ISA_INSN_COUNT - ISA_SYS));
  if (insn == ISA_HALT && random_below(&k->r, 3)) {
    insn = ISA_WFI;
  }
  insn = k->devoted ? k->favourite : insn;
  put_li(&k->p, REG_T1, insn == ISA_JUSER ? user_entry(k) : DATA + 8 * random_below(&k->r, 16));
  if (insn == ISA_LPSW) { /* on in line */
    put_li(&k->p, REG_T0, PSW_IE_MASK);
    put(&k->p, ISA_SW, REG_T0, REG_T1, 0, 0);
    put_li(&k->p, REG_T0, here(&k->p) + 4 * 8);
    put(&k->p, ISA_SW, REG_T0, REG_T1, 0, 4);
  }
  bool late = insn == ISA_WFI && random_below(&k->r, 2);
  put_set_cr(&k->p, CR_TIMER, 1 + random_below(&k->r, 3), REG_T0);
  put(&k->p, late ? ISA_CLI : ISA_STI, 0, 0, 0, 0);
  if (insn == ISA_MFCR || insn == ISA_MTCR) {
    put_cr(&k->p, insn, insn == ISA_MFCR ? CR_TICK : CR_SCR2, REG_A2);
  } else if (insn == ISA_IN || insn == ISA_OUT) {
    put(&k->p, insn, REG_A2, REG_ZERO, 0, PORT_CONSOLE_STATUS);
  } else {
    put(&k->p, insn, REG_A2, REG_T1, 0, 0);
  }
  put(&k->p, late ? ISA_STI : ISA_ADDI, REG_A1, REG_A1, 0, late ? 0 : 1);
  put(&k->p, ISA_ADDI, REG_A1, REG_A1, 0, 1);
}

/* The key of a block that the program uses, by its physical address. */
static void put_keys(struct maker *k)
{
  uint32_t block = random_below(&k->r, 3) ? DATA / KEY_BLOCK_SIZE + random_below(&k->r, 4)
                                          : USERS / KEY_BLOCK_SIZE + random_below(&k->r, 6);
  put_li(&k->p, REG_T1,
         silly(k) ? random_word(&k->r) : block * KEY_BLOCK_SIZE + random_below(&k->r, 9));
  put_li(&k->p, REG_T0, some_key(k));
  if (random_below(&k->r, 4)) {
    put(&k->p, ISA_SSK, REG_T0, REG_T1, 0, 0);
  }
  put(&k->p, ISA_ISK, 8 + random_below(&k->r, 8), REG_T1, 0, 0);
}

static void put_user_piece(struct maker *k)
{
  if (keyed(k) && random_below(&k->r, 24) == 0) {
    put_keys(k);
    return;
  }
  switch (random_below(&k->r, 12)) {
  case 0:
    put(&k->p, ISA_SYS, 0, 0, 0, random_below(&k->r, 8));
    break;
  case 1:
    put_self_modify(k, k->base);
    break;
  case 2:
    put_loop(k);
    break;
  case 3:
  case 4:
    put_data(k, k->base);
    break;
  case 5:
    put_sensitive(k);
    break;
  case 6:
    put_access(&k->p, &k->r, GUEST_STORAGE);
    break;
  case 7:
  case 8:
    put_favourite(k);
    break;
  default:
    put_any(&k->p, &k->r);
  }
}

static void put_kernel_piece(struct maker *k)
{
  if (k->devoted && random_below(&k->r, 4) == 0) {
    put_favourite(k);
    return;
  }
  if (keyed(k) && random_below(&k->r, 10) == 0) {
    put_keys(k);
    return;
  }
  switch (random_below(&k->r, 16)) {
  case 0:
    put_timer(k);
    put(&k->p, ISA_STI, 0, 0, 0, 0);
    break;
  case 1:
    if (k->g->sectors) {
      put_disk(&k->p, &k->r, GUEST_STORAGE, k->g->sectors);
    }
    break;
  case 2:
    put_stack(&k->p, &k->r);
    break;
  case 3:
    put_map(k);
    break;
  case 4:
    put_data(k, 0);
    break;
  case 5:
    put_self_modify(k, 0);
    break;
  case 6:
    if (silly(k)) {
      put_set_cr(&k->p, CR_VBR, random_cr_value(&k->r, CR_VBR, GUEST_STORAGE), REG_T0);
    } else {
      put_set_cr(&k->p, CR_VBR, random_below(&k->r, 2) ? VECTORS : OTHER_VECTORS, REG_T0);
    }
    break;
  case 7:
    put_access(&k->p, &k->r, GUEST_STORAGE);
    break;
  case 8:
    put_any(&k->p, &k->r);
    break;
  case 9:
    put_favourite(k);
    break;
  case 10:
  case 11:
    put_ambush(k);
    break;
  case 12:
    put_loop(k);
    break;
  default:
    put_sensitive(k);
  }
}

/* ---------------------------------------------------------------- handlers */

/* Off to a user program instead of where the trap came from. */
static void put_restart(struct maker *k)
{
  put_set_cr(&k->p, CR_EPSW, user_psw(k), REG_T0);
  put_set_cr(&k->p, CR_EPC, user_entry(k), REG_T0);
}

static void put_skip(struct maker *k)
{
  put_cr(&k->p, ISA_MFCR, CR_EPC, REG_T0);
  put(&k->p, ISA_ADDI, REG_T0, REG_T0, 0, 4);
  put_cr(&k->p, ISA_MTCR, CR_EPC, REG_T0);
}

/* Past the trapping instruction, or one time in 2^n elsewhere: a program that
 * has lost its way would trap for ever. */
static void put_skip_or_restart(struct maker *k)
{
  put_skip(k);
  put_cr(&k->p, ISA_MFCR, CR_TICK, REG_T0);
  put(&k->p, ISA_ANDI, REG_T0, REG_T0, 0, random_below(&k->r, 2) ? 7 : 3);
  put(&k->p, ISA_BNE, REG_T0, REG_ZERO, 0, 4 * 7); /* over the restart */
  put_restart(k);
}

/* A trap in a handler leaves EPC in the handler, which would go round for ever. */
static void put_way_out(struct maker *k)
{
  put_cr(&k->p, ISA_MFCR, CR_EPSW, REG_T0);
  put(&k->p, ISA_ANDI, REG_T0, REG_T0, 0, PSW_MODE_MASK);
  put(&k->p, ISA_BNE, REG_T0, REG_ZERO, 0, 4 * 11);
  put_cr(&k->p, ISA_MFCR, CR_EPC, REG_T0);
  put(&k->p, ISA_SRLI, REG_T0, REG_T0, 0, HANDLERS_SHIFT);
  put(&k->p, ISA_ADDI, REG_T1, REG_ZERO, 0, BOOT >> HANDLERS_SHIFT);
  put(&k->p, ISA_BEQ, REG_T0, REG_T1, 0, 4 * 7);
  put_restart(k);
}

static void put_answer(struct maker *k, enum isa_cause cause)
{
  if (cause == CAUSE_PROTECTION && keyed(k)) {
    put_skip_or_restart(k);
    return;
  }
  switch (cause) {
  case CAUSE_TIMER: /* shorter than the handler, it would leave no time for anything else */
    put_set_cr(&k->p, CR_TIMER, 25 + random_below(&k->r, 100), REG_T0);
    if (silly(k)) {
      put_timer(k);
    }
    break;
  case CAUSE_CONSOLE:
    put(&k->p, ISA_IN, REG_T0, REG_ZERO, 0, PORT_CONSOLE_DATA);
    put(&k->p, ISA_OUT, REG_T0, REG_ZERO, 0, PORT_CONSOLE_DATA);
    break;
  case CAUSE_DISK:
    put(&k->p, ISA_IN, REG_T0, REG_ZERO, 0, PORT_DISK_STATUS);
    if (k->g->sectors && random_below(&k->r, 2)) {
      put_disk(&k->p, &k->r, GUEST_STORAGE, k->g->sectors);
    }
    break;
  case CAUSE_ALIGNMENT:
  case CAUSE_BOUNDS:
  case CAUSE_BUS:
  case CAUSE_ILLEGAL:
    put_skip_or_restart(k);
    break;
  default:
    if (random_below(&k->r, 6) == 0) {
      put_restart(k);
    } else {
      put_skip(k);
    }
  }
}

static void put_handler(struct maker *k, enum isa_cause cause)
{
  put_cr(&k->p, ISA_MTCR, CR_SCR0, REG_T0);
  put_cr(&k->p, ISA_MTCR, CR_SCR1, REG_T1);
  if (random_below(&k->r, 3) == 0) {
    put_map(k);
  }
  put_answer(k, cause);
  unsigned more = random_below(&k->r, 3) ? 0 : random_below(&k->r, 4);
  for (; more > 0 && here(&k->p) < HANDLERS_FULL; more--) {
    put_kernel_piece(k);
  }
  if (random_below(&k->r, 4) == 0) { /* other flags, another mode */
    uint32_t bits = random_below(&k->r, 2) ? PSW_C_MASK | PSW_V_MASK | PSW_IE_MASK : PSW_ALL_MASK;
    put_cr(&k->p, ISA_MFCR, CR_EPSW, REG_T0);
    put(&k->p, ISA_XORI, REG_T0, REG_T0, 0, random_word(&k->r) & bits & 0x7fff);
    put_cr(&k->p, ISA_MTCR, CR_EPSW, REG_T0);
  }
  if (random_below(&k->r, 12)) {
    put_way_out(k);
  }
  put_cr(&k->p, ISA_MFCR, CR_SCR0, REG_T0);
  put_cr(&k->p, ISA_MFCR, CR_SCR1, REG_T1);
  put(&k->p, ISA_RFE, 0, 0, 0, 0);
}

static void make_handlers(struct maker *k)
{
  begin(k, HANDLERS);
  for (unsigned table = 0; table < 2; table++) {
    for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
      uint32_t *vector = &k->g->word[(table ? OTHER_VECTORS : VECTORS) / 4 + cause];
      *vector = here(&k->p) + (k->wild && random_below(&k->r, 2000) < k->wild ? 2 : 0);
      if (isa_cause_info(cause)->name) {
        put_handler(k, (enum isa_cause)cause);
      }
    }
  }
  insist(here(&k->p) <= USERS, "the handlers are too long");
  end(k);
}

/* ---------------------------------------------------------------- the parts */

static void make_boot(struct maker *k)
{
  begin(k, BOOT);
  put_set_cr(&k->p, CR_VBR, random_below(&k->r, 2) ? VECTORS : OTHER_VECTORS, REG_T0);
  put_map(k);
  if (k->g->sectors) {
    put_disk(&k->p, &k->r, GUEST_STORAGE, k->g->sectors);
  }
  put_timer(k);
  for (unsigned i = random_below(&k->r, 25); i > 0 && k->p.count < BOOT_WORDS; i--) {
    put_kernel_piece(k);
  }
  put_enter(k);
  for (unsigned i = 0; i < 20 && k->p.count < BOOT_WORDS; i++) {
    put_kernel_piece(k);
  }
  put_enter(k);
  end(k);
}

static void make_user(struct maker *k, unsigned which)
{
  uint32_t origin = USERS + which * ISA_PAGE_SIZE;
  k->entry[which] = origin - k->base;
  begin(k, origin);
  while (k->p.count < USER_WORDS) {
    put_user_piece(k);
  }
  put(&k->p, ISA_JAL, REG_ZERO, 0, 0, origin - here(&k->p));
  end(k);
}

static void make_data(struct maker *k)
{
  for (uint32_t i = 0; i < DATA_SIZE / 4; i++) {
    k->g->word[DATA / 4 + i] = random_below(&k->r, 3)
                                   ? USERS - k->base + 4 * random_below(&k->r, USER_WORDS)
                                   : random_word(&k->r);
  }
}

/* A kernel that gives its users keys of their own, or does not care. */
static void make_keys(struct maker *k)
{
  bool cares = random_below(&k->r, 3) != 0;
  for (uint32_t at = USERS; at < DATA + DATA_SIZE; at += KEY_BLOCK_SIZE) {
    k->g->key[at / KEY_BLOCK_SIZE] = (uint8_t)(cares ? some_key(k) & KEY_MASK : 0);
  }
}

static void make_processor(struct maker *k)
{
  struct guest *g = k->g;
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    g->reg[reg] = random_below(&k->r, 3) ? DATA - k->base + 4 * random_below(&k->r, DATA_SIZE / 8)
                                         : random_word(&k->r);
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (silly(k) && cr != CR_VBR) {
      g->cr[cr] = random_cr_value(&k->r, (enum isa_cr)cr, GUEST_STORAGE);
    }
  }
}

void guest_blank(struct guest *g, const struct profile *profile)
{
  memset(g, 0, sizeof *g);
  g->profile = profile;
  g->pc = ISA_RESET_PC;
  g->cr[CR_IMASK] = isa_cr_info(CR_IMASK)->write_mask;
}

static void generate(struct guest *g, uint64_t seed, const struct profile *profile,
                     enum isa_insn devoted_to)
{
  static const unsigned wildness[] = {0, 2, 5, 20};
  guest_blank(g, profile);
  g->seed = seed;
  struct maker k = {.g = g, .r = random_from(seed)};
  random_word(&k.r);
  k.wild = wildness[random_below(&k.r, 4)];
  uint32_t favourite = random_below(&k.r, ISA_INSN_COUNT + 4); /* a guest halts but once */
  k.favourite = favourite < ISA_INSN_COUNT ? (enum isa_insn)favourite : ISA_HALT;
  k.devoted = devoted_to < ISA_INSN_COUNT;
  k.favourite = k.devoted ? devoted_to : k.favourite;
  k.base = random_below(&k.r, 3) ? USERS : 0;
  k.bound = DATA + DATA_SIZE - k.base + (random_below(&k.r, 6) ? 0 : random_below(&k.r, 9) - 4);
  g->sectors = random_below(&k.r, 3) ? 20 : 0;
  /* A transfer takes 1100 ticks at least. */
  g->ticks = random_below(&k.r, 4) == 0 ? 3500 : g->sectors ? 1800 : 1000;
  for (unsigned i = 0; i < USER_COUNT; i++) {
    make_user(&k, i);
  }
  make_handlers(&k);
  make_boot(&k);
  make_data(&k);
  make_processor(&k);
  if (k.devoted && random_below(&k.r, 2)) {
    g->cr[CR_PSW] = psw_set_ie(g->cr[CR_PSW], 1); /* cli is of no account without */
  }
  if (keyed(&k)) {
    make_keys(&k);
  }
  g->inputs = random_below(&k.r, GUEST_INPUTS + 1);
  uint64_t at = 0;
  for (unsigned i = 0; i < g->inputs; i++) {
    at += random_below(&k.r, 300);
    g->input[i].at = at;
    g->input[i].byte = (uint8_t)random_word(&k.r);
  }
}

void guest_generate(struct guest *g, uint64_t seed, const struct profile *profile)
{
  generate(g, seed, profile, ISA_INSN_COUNT);
}

void guest_generate_for(struct guest *g, uint64_t seed, const struct profile *profile,
                        enum isa_insn insn)
{
  generate(g, seed, profile, insn);
}

/* ---------------------------------------------------------- in and out of machines */

void guest_load(const struct guest *g, struct machine *m)
{
  insist(machine_phys_write(m, gpa(0), g->word, GUEST_STORAGE), "storage");
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, g->reg[reg]);
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (profile_has_cr(g->profile, (enum isa_cr)cr)) {
      machine_set_cr(m, (enum isa_cr)cr, g->cr[cr]);
    }
  }
  machine_set_pc(m, g->pc);
  for (uint32_t i = 0; i < GUEST_BLOCKS; i++) {
    machine_key_set(m, gpa(i * KEY_BLOCK_SIZE), g->key[i]); /* if it has keys */
  }
  for (unsigned i = 0; i < g->inputs; i++) {
    machine_console_input(m, g->input[i].at, g->input[i].byte);
  }
}

void guest_capture(struct guest *to, const struct guest *g, struct machine *m)
{
  uint64_t now = machine_tick(m);
  *to = *g;
  insist(machine_phys_read(m, gpa(0), to->word, GUEST_STORAGE), "storage");
  machine_get_regs(m, to->reg);
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    to->cr[cr] = machine_get_cr(m, (enum isa_cr)cr);
  }
  to->pc = machine_get_pc(m);
  for (uint32_t i = 0; i < GUEST_BLOCKS; i++) {
    machine_key_get(m, gpa(i * KEY_BLOCK_SIZE), &to->key[i]);
  }
  to->ticks = g->ticks > now ? g->ticks - now : 1;
  to->inputs = 0;
  for (unsigned i = 0; i < g->inputs; i++) {
    if (g->input[i].at > now) {
      to->input[to->inputs] = g->input[i];
      to->input[to->inputs++].at -= now;
    }
  }
}
