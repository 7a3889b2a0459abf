#include "tests/unit/classify/states.h"

#include "machine/devices/ports.h"
#include "machine/keys.h"

static bool one_in(struct random *r, uint32_t n)
{
  return random_below(r, n) == 0;
}

/* A number near an edge of something. */
static uint32_t edge(struct random *r, const struct trial_state *s)
{
  const uint32_t edges[] = {0,
                            4,
                            0x7fffffff,
                            0x80000000,
                            0xffffffff,
                            s->storage,
                            s->cr[CR_BASE],
                            s->cr[CR_BOUND],
                            s->pc,
                            0x1000,
                            31,
                            s->storage - s->cr[CR_BASE]};
  uint32_t value = edges[random_below(r, sizeof edges / sizeof *edges)];
  return value + random_below(r, 9) - 4;
}

static uint32_t any_value(struct random *r, const struct trial_state *s)
{
  switch (random_below(r, 4)) {
  case 0:
    return random_word(r);
  case 1:
    return random_below(r, s->storage);
  case 2:
    return random_below(r, s->storage) & ~3u;
  default:
    return edge(r, s);
  }
}

/* ------------------------------------------------------- control registers */

static void set_relocation(struct random *r, struct trial_state *s)
{
  uint32_t base = 0, bound = 0xffffffff;
  switch (random_below(r, 4)) {
  case 0:
    base = random_below(r, s->storage / ISA_PAGE_SIZE) * ISA_PAGE_SIZE;
    break;
  case 1:
    base = random_below(r, s->storage);
    break;
  case 2:
    base = random_below(r, s->storage) & ~3u;
    break;
  default:
    break;
  }
  switch (random_below(r, 4)) {
  case 0:
    bound = random_below(r, 64);
    break;
  case 1:
    bound = random_below(r, s->storage) + 4;
    break;
  case 2:
    bound = s->storage - base;
    break;
  default:
    break;
  }
  s->cr[CR_BASE] = base;
  s->cr[CR_BOUND] = bound;
}

static uint32_t random_rights(struct random *r)
{
  uint32_t rights = MAP_RIGHTS;
  if (one_in(r, 3)) {
    rights ^= random_word(r) &
              (PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK | PTE_FETCH_ONLY | PTE_SOFT_MASK);
  }
  return rights;
}

/* Of two spaces; a few pages in each, some of them where storage has no frame. */
static void add_pages(struct random *r, struct trial_state *s, const uint32_t *space)
{
  struct map *m = &s->map;
  for (unsigned i = 0; i < 8; i++) {
    uint32_t frame = random_below(r, s->storage + (one_in(r, 8) ? s->storage : 0));
    uint32_t page = one_in(r, 3) ? random_word(r) : random_below(r, s->storage);
    m->entry[m->count++] = (struct map_entry){space[one_in(r, 3)], pte_frame(page),
                                              pte_frame(frame) | random_rights(r)};
    m->count -= !map_legal(m, s->storage);
  }
}

static void set_map(struct random *r, const struct profile *profile, struct trial_state *s)
{
  s->map.mmu = map_mmu(profile);
  bool tlb = (s->map.mmu & ISA_FEATURE_MMU_TLB) != 0;
  uint32_t space[2], top = random_below(r, 8);
  for (unsigned i = 0; i < 2; i++) {
    space[i] = tlb ? top + 7 * i : s->storage - (top + 1 + i) * ISA_PAGE_SIZE;
  }
  add_pages(r, s, space);
  if (one_in(r, 8) == 0) {
    s->cr[tlb ? CR_ASID : CR_PTBR] = space[0];
  }
  if (tlb && s->map.count > 0 && one_in(r, 2)) {
    const struct map_entry *e = &s->map.entry[random_below(r, s->map.count)];
    s->cr[CR_TLBHI] = e->page | e->space;
    s->cr[CR_TLBLO] = one_in(r, 2) ? e->word : s->cr[CR_TLBLO];
    s->cr[CR_TLBIX] = one_in(r, 2) ? (uint32_t)(e - s->map.entry) : s->cr[CR_TLBIX];
  }
  s->cr[CR_NPTBR] &= ~NPTBR_ON;
}

static void set_control(struct random *r, const struct profile *profile, struct trial_state *s)
{
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    bool has = profile_has_cr(profile, (enum isa_cr)n);
    uint32_t value = one_in(r, 3) ? any_value(r, s) : random_word(r);
    s->cr[n] = has ? profile_cr_write(profile, (enum isa_cr)n, 0, value) : 0;
  }
  if (profile_has_cr(profile, CR_BASE)) {
    set_relocation(r, s);
  } else {
    set_map(r, profile, s);
  }
  if (one_in(r, 2)) {
    s->cr[CR_PSW] &= ~PSW_KEY_MASK;
  }
  s->cr[CR_CPUID] = random_word(r);
  s->cr[CR_TICK] = one_in(r, 4) ? 0xffffffff : random_word(r);
  s->cr[CR_TIMER] = one_in(r, 2) ? random_below(r, 3) : random_word(r);
  if (s->cr[CR_IPEND] & s->cr[CR_IMASK] && psw_ie(s->cr[CR_PSW])) {
    uint32_t *calm = &s->cr[one_in(r, 2) ? CR_IPEND : CR_IMASK];
    *calm = one_in(r, 2) ? 0 : *calm & ~(s->cr[CR_IPEND] & s->cr[CR_IMASK]);
  }
}

/* ------------------------------------------------------------- instruction */

static uint32_t random_imm(struct random *r, int64_t min, int64_t max)
{
  int64_t span = max - min + 1, at = random_below(r, (uint32_t)span);
  if (one_in(r, 3)) {
    at = (one_in(r, 2) ? random_below(r, 16) : span - 1 - random_below(r, 16)) % span;
  }
  return (uint32_t)(min + (at < 0 ? 0 : at));
}

static void random_operands(struct random *r, const struct profile *profile, struct isa_decoded *d)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(d->insn)->format);
  for (size_t i = 0; i < f->operand_count; i++) {
    const struct isa_operand *o = &f->operands[i];
    int64_t min, max;
    isa_operand_range(o, &min, &max);
    uint32_t unit = o->kind == ISA_OPERAND_REL ? 4 : o->kind == ISA_OPERAND_UPPER ? 4096 : 1;
    uint32_t value = random_imm(r, min, max) / unit * unit;
    if (o->kind == ISA_OPERAND_REG) {
      value = random_below(r, ISA_REG_COUNT);
    }
    while (o->kind == ISA_OPERAND_CR &&
           !profile_has_cr(profile, (enum isa_cr)(value = random_below(r, ISA_CR_COUNT)))) {
    }
    isa_set_slot(d, o->slot, value);
  }
}

/* A page that the state's own space has; 0 if there is none. */
static uint32_t some_page(struct random *r, const struct trial_state *s)
{
  for (unsigned i = 0; i < 8 && s->map.count > 0; i++) {
    const struct map_entry *e = &s->map.entry[random_below(r, s->map.count)];
    if (e->space == map_space(&s->map, s->cr)) {
      return e->page;
    }
  }
  return map_has_segment(&s->map) ? KSEG_START : 0;
}

/* The pc, somewhere that the relocation shows, at an edge often. */
static bool set_pc(struct random *r, struct trial_state *s)
{
  uint32_t pa;
  if (s->map.mmu != 0 && psw_te(s->cr[CR_PSW])) {
    s->pc = some_page(r, s) + (one_in(r, 3) ? ISA_PAGE_SIZE - 4 : random_below(r, 1024) * 4);
    return trial_shows(s, s->pc, &pa);
  }
  uint64_t limit = s->storage;
  if (psw_te(s->cr[CR_PSW])) {
    uint64_t room = s->cr[CR_BASE] < s->storage ? s->storage - s->cr[CR_BASE] : 0;
    limit = s->cr[CR_BOUND] < room ? s->cr[CR_BOUND] : room;
  }
  if (limit < 4) {
    return false;
  }
  uint32_t words = (uint32_t)limit / 4;
  s->pc = (one_in(r, 3) ? words - 1 : random_below(r, words)) * 4;
  return true;
}

static void add_cell(struct trial_state *s, uint32_t at, uint32_t word)
{
  uint32_t pa;
  at &= ~3u;
  for (unsigned i = 0; i < s->view_count; i++) {
    if (s->view[i].at == at) {
      return;
    }
  }
  if (s->view_count < TRIAL_CELLS && trial_shows(s, at, &pa)) {
    s->view[s->view_count++] = (struct trial_cell){at, word};
  }
}

/* An address that an access can meet; a register and an immediate then make it. */
static uint32_t target(struct random *r, const struct trial_state *s)
{
  uint32_t base = s->cr[CR_BASE], at = random_below(r, s->storage);
  if (s->map.mmu != 0 && one_in(r, 4) == 0) {
    uint32_t segment = map_has_segment(&s->map) && one_in(r, 4) ? KSEG_START : 0;
    return one_in(r, 2) ? some_page(r, s) + at % ISA_PAGE_SIZE / 4 * 4 : segment + (at & ~3u);
  }
  switch (random_below(r, 9)) {
  case 0:
    return any_value(r, s);
  case 8: /* across two blocks of keys, if the base is odd */
    return (KEY_BLOCK_SIZE * (1 + at / KEY_BLOCK_SIZE) - base) & ~3u;
  case 1:
    return s->cr[CR_BOUND] - random_below(r, 8);
  case 2:
    return s->storage - random_below(r, 8);
  case 3:
    return s->storage - base - random_below(r, 8);
  case 4:
    return s->pc + random_below(r, 12) - 4;
  default:
    return (base < s->storage ? at % (s->storage - base) : at) & ~3u;
  }
}

static uint32_t random_content(struct random *r, const struct trial_state *s)
{
  return one_in(r, 2) ? random_word(r) : any_value(r, s);
}

/* Words where the instruction will look: there, as the current relocation has it, and
 * as the previous mode has it. */
static void set_target(struct random *r, struct trial_state *s, const struct isa_decoded *d)
{
  uint32_t at = target(r, s);
  if (one_in(r, 8) == 0) {
    s->reg[d->b] = at - d->imm;
    s->reg[REG_SP] = d->b == REG_SP ? s->reg[REG_SP] : at + (one_in(r, 2) ? 4 : 0);
  }
  s->reg[REG_ZERO] = 0;
  if (s->map.count > 0 && one_in(r, 4)) { /* for tlbi */
    const struct map_entry *e = &s->map.entry[random_below(r, s->map.count)];
    s->reg[d->a] = d->a == REG_ZERO ? 0 : e->page;
    s->reg[d->b] = d->b == REG_ZERO ? 0 : e->space;
  }
  uint32_t a = s->reg[d->b] + d->imm, b = s->reg[REG_SP], c = a + s->cr[CR_BASE];
  add_cell(s, a, random_content(r, s));
  uint32_t content = random_content(r, s);
  add_cell(s, one_in(r, 2) ? b : c, content);
  content = random_content(r, s);
  add_cell(s, one_in(r, 2) ? a + 4 : c, content);
  add_cell(s, c + 4, random_content(r, s));
  add_cell(s, b - 4, random_content(r, s));
}

/* ------------------------------------------------------------------ the rest */

static void add_key(struct random *r, struct trial_state *s, uint32_t pa)
{
  uint32_t block = pa >> KEY_BLOCK_SHIFT;
  for (unsigned i = 0; i < s->key_count; i++) {
    if (s->key[i].block == block) {
      return;
    }
  }
  if (s->key_count < TRIAL_KEYS && pa < s->storage) {
    uint32_t key = random_word(r) & KEY_MASK;
    key = one_in(r, 2) ? psw_key(s->cr[CR_PSW]) | (key & KEY_FETCH) : key;
    s->key[s->key_count++] = (struct trial_key){block, (uint8_t)key};
  }
}

static void set_keys(struct random *r, struct trial_state *s, const struct isa_decoded *d)
{
  uint32_t base = psw_te(s->cr[CR_PSW]) ? s->cr[CR_BASE] : 0, a = s->reg[d->b] + d->imm;
  if (one_in(r, 2)) {
    add_key(r, s, base + a);
    add_key(r, s, base + a + 3);
    add_key(r, s, base + s->reg[REG_SP]);
    add_key(r, s, one_in(r, 4) ? base + s->pc : a);
  }
}

static void set_devices(struct random *r, struct trial_state *s, const struct isa_decoded *d)
{
  static const uint32_t ports[] = {PORT_CONSOLE_DATA, PORT_CONSOLE_STATUS, PORT_DISK_SECTOR,
                                   PORT_DISK_ADDRESS, PORT_DISK_COUNT,     PORT_DISK_COMMAND,
                                   PORT_DISK_STATUS,  PORT_DISK_SIZE};
  s->input = one_in(r, 2);
  s->input_byte = (uint8_t)random_word(r);
  s->disk_sector = one_in(r, 2) ? 0 : random_word(r);
  s->disk_address = one_in(r, 2) ? 0 : random_word(r);
  s->disk_count = random_below(r, 200);
  if (isa_insn_info(d->insn)->requires & ISA_FEATURE_IO_PORTS && d->b != REG_ZERO) {
    uint32_t port = ports[random_below(r, sizeof ports / sizeof *ports)];
    s->reg[d->b] = (one_in(r, 8) ? random_below(r, 64) : port) - d->imm;
  }
}

void random_state(struct random *r, const struct profile *profile, enum isa_insn insn,
                  uint32_t storage, struct trial_state *s)
{
  struct isa_decoded d = {.insn = insn};
  uint32_t word = 0;
  do {
    *s = (struct trial_state){.storage = storage};
    set_control(r, profile, s);
  } while (!set_pc(r, s));
  random_operands(r, profile, &d);
  insist(isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK, "the operands are in range");
  add_cell(s, s->pc, word);
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    s->reg[i] = any_value(r, s);
  }
  set_target(r, s, &d);
  set_devices(r, s, &d);
  if (profile_features(profile) & ISA_FEATURE_KEYS) {
    set_keys(r, s, &d);
  }
}
