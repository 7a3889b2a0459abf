#include "classify/trial.h"

#include <stdlib.h>
#include <string.h>

#include "machine/devices/channel.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/ops.h"

#define MAX_CELLS      (2 * TRIAL_CELLS)
#define CPUID_OF_RESET 0x50470001u /* docs/machine.md */

/* What devices are set to. */
struct devices {
  bool input;
  uint8_t byte;
  uint32_t disk_sector, disk_address, disk_count;
};

/* Page tables: their words, and of their pages' numbers the last bits. */
struct tables {
  struct map_word word[MAP_WORDS];
  unsigned count;
  uint64_t pages;
};

struct trial_machine {
  struct machine *machine;
  struct profile *windowless; /* what it is made of, if the profile has windows to devices */
  uint32_t storage;
  uint32_t cr_bits[ISA_CR_COUNT]; /* that can be set, in a control register that is there */
  bool has_keys;
  uint32_t mmu; /* map_mmu() */
  /* Words that a trial has put into storage, and those of its page tables; everything
   * else there is 0. */
  struct map_word placed[MAX_CELLS];
  unsigned placed_count;
  struct tables tables;
  struct map map;   /* whose tables they are, or what the TLB holds */
  bool tlb_touched; /* by an instruction: it no longer does */
  struct trial_key key[TRIAL_KEYS]; /* the same of keys */
  unsigned key_count;
  struct devices devices;
  uint64_t devices_digest;
  bool devices_touched; /* by an instruction: the above no longer holds */
  bool timer_on;        /* may be */
  bool host_failed;     /* once, in some trial */
  /* Devices after reset, with two different logs of past input: loading one over
   * the other replaces the log, loading one over itself would keep it. */
  struct machine_blob fresh[2];
  struct disk_store *store; /* NULL: none */
  unsigned next_fresh;
};

/* ------------------------------------------------------------ life */

/* Devices in which `byte` has arrived and has been read. */
static bool save_fresh(const struct profile *profile, struct disk_store *store, uint8_t byte,
                       struct machine_blob *blob)
{
  struct machine_config config = {
      .profile = profile, .storage = MACHINE_MIN_STORAGE, .disk = store};
  struct machine *m = machine_create(&config, NULL);
  if (!m) {
    return false;
  }
  uint32_t value;
  machine_console_input(m, 0, byte);
  bool ok = machine_port_in(m, PORT_CONSOLE_DATA, &value) && m->ops->save_devices(m, blob) &&
            machine_run(m, 0).why != MACHINE_HOST_ERROR; /* which the input might have met */
  machine_destroy(m);
  return ok;
}

struct trial_machine *trial_machine_create(const struct profile *profile, uint32_t storage,
                                           enum machine_engine engine)
{
  struct trial_machine *t = calloc(1, sizeof *t);
  if (!t) {
    return NULL;
  }
  if (profile_features(profile) & ISA_FEATURE_IO_MMIO) {
    profile = t->windowless = profile_override(profile, NULL, "none", NULL);
    if (!profile) {
      free(t);
      return NULL;
    }
  }
  bool channel = profile_features(profile) & ISA_FEATURE_IO_CHANNEL;
  t->store = channel ? disk_store_memory(1) : NULL; /* a channel without a disk is never busy */
  struct machine_config config = {
      .profile = profile, .storage = storage, .engine = engine, .disk = t->store};
  t->machine = channel && !t->store ? NULL : machine_create(&config, NULL);
  t->storage = storage;
  t->devices_touched = true;
  t->mmu = t->map.mmu = map_mmu(profile);
  t->has_keys = (profile_features(profile) & ISA_FEATURE_KEYS) != 0;
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    const struct isa_cr_info *info = isa_cr_info((enum isa_cr)n);
    bool any = info->is_psw || n == CR_TICK || n == CR_CPUID;
    t->cr_bits[n] = profile_has_cr(profile, (enum isa_cr)n) ? any ? ~0u : info->write_mask : 0;
  }
  if (!t->machine || !save_fresh(profile, t->store, 0, &t->fresh[0]) ||
      !save_fresh(profile, t->store, 1, &t->fresh[1])) {
    trial_machine_destroy(t);
    return NULL;
  }
  return t;
}

void trial_machine_destroy(struct trial_machine *t)
{
  if (t) {
    free(t->fresh[0].bytes);
    free(t->fresh[1].bytes);
    machine_destroy(t->machine);
    disk_store_destroy(t->store);
    profile_destroy(t->windowless);
    free(t);
  }
}

bool trial_host_failed(const struct trial_machine *t)
{
  return t->host_failed;
}

/* --------------------------------------------------- which states there are */

void trial_reset(struct trial_state *s, uint32_t storage)
{
  memset(s, 0, sizeof *s);
  s->storage = storage;
  s->pc = ISA_RESET_PC;
  s->cr[CR_IMASK] = isa_cr_info(CR_IMASK)->write_mask;
  s->cr[CR_CPUID] = CPUID_OF_RESET;
}

static bool is_mapped(const struct trial_state *s)
{
  return s->map.mmu != 0 && psw_te(s->cr[CR_PSW]);
}

bool trial_shows(const struct trial_state *s, uint32_t at, uint32_t *pa)
{
  uint64_t physical = at;
  if (is_mapped(s)) {
    bool there = map_shows(&s->map, map_space(&s->map, s->cr), at, pa);
    return there && (uint64_t)*pa + 4 <= s->storage;
  }
  if (psw_te(s->cr[CR_PSW])) {
    if (at >= s->cr[CR_BOUND]) {
      return false;
    }
    physical += s->cr[CR_BASE];
  }
  *pa = (uint32_t)physical;
  return physical + 4 <= s->storage;
}

bool trial_shown(const struct trial_state *s, uint32_t pa, uint32_t *va)
{
  *va = pa;
  if (!psw_te(s->cr[CR_PSW])) {
    return true;
  }
  if (is_mapped(s)) {
    bool segment = map_has_segment(&s->map) && pa < KSEG_SIZE;
    *va = pa + KSEG_START;
    return map_reaches(&s->map, map_space(&s->map, s->cr), pa, va) || segment;
  }
  *va = pa - s->cr[CR_BASE];
  return pa >= s->cr[CR_BASE] && *va < s->cr[CR_BOUND];
}

bool trial_shows_twice(const struct trial_state *s, uint32_t va, uint32_t *other)
{
  uint32_t pa;
  if (!is_mapped(s) || !map_has_segment(&s->map) || !trial_shows(s, va & ~3u, &pa)) {
    return false;
  }
  if (kseg_has(va)) {
    return map_reaches(&s->map, map_space(&s->map, s->cr), pa | (va & 3), other);
  }
  *other = KSEG_START + (pa | (va & 3));
  return pa < KSEG_SIZE;
}

static bool legal_crs(const struct trial_machine *t, const struct trial_state *s)
{
  const struct profile *profile = machine_profile(t->machine);
  uint32_t beyond = 0;
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    beyond |= s->cr[n] & ~t->cr_bits[n];
  }
  uint32_t psw = s->cr[CR_PSW], lines = s->cr[CR_IPEND] & s->cr[CR_IMASK];
  return beyond == 0 && profile_legal_psw(profile, psw) == psw &&
         profile_legal_psw(profile, s->cr[CR_EPSW]) == s->cr[CR_EPSW] &&
         !(psw_ie(psw) && lines != 0);
}

static bool among(const struct map_word *p, const struct map_word *all, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    if (all[i].pa == p->pa && all[i].word == p->word) {
      return true;
    }
  }
  return false;
}

static uint64_t page_bit(uint32_t pa)
{
  return UINT64_C(1) << (pa / ISA_PAGE_SIZE % 64);
}

static void lay_tables(const struct trial_state *s, struct tables *t)
{
  t->count = map_tables(&s->map, s->storage, t->word);
  t->pages = 0;
  for (unsigned i = 0; i < t->count; i++) {
    t->pages |= page_bit(t->word[i].pa);
  }
}

static bool in_tables(const struct tables *t, uint32_t pa)
{
  for (unsigned i = 0; t->pages & page_bit(pa) && i < t->count; i++) {
    if (pte_frame(t->word[i].pa) == pte_frame(pa)) {
      return true;
    }
  }
  return false;
}

/* Whether a walk would take a word at pa for an entry: it lies in a table of the map, or
 * in what PTBR says is a directory. */
static bool is_walked(const struct trial_state *s, const struct tables *t, uint32_t pa)
{
  uint32_t psw = s->cr[CR_PSW];
  return in_tables(t, pa) ||
         (s->map.mmu & ISA_FEATURE_MMU_PAGED && (psw_te(psw) || psw_pmode(psw) != 0) &&
          pte_frame(pa) == s->cr[CR_PTBR]);
}

/* Which the view shows there; false: another word lies there. */
static bool lay_view(const struct trial_state *s, struct map_word *placed)
{
  uint32_t pa;
  for (unsigned i = 0; i < s->view_count; i++) {
    const struct trial_cell *c = &s->view[i];
    if (c->at % 4 != 0 || !trial_shows(s, c->at, &pa)) {
      return false;
    }
    placed[i] = (struct map_word){pa, c->word};
    for (unsigned k = 0; k < i; k++) {
      if (s->view[k].at == c->at || (placed[k].pa == pa && placed[k].word != c->word)) {
        return false;
      }
    }
  }
  return true;
}

/* Where the state's words lie. */
struct layout {
  struct map_word cell[MAX_CELLS];
  const struct tables
      *tables; /* new, or those of the machine: the map is that of the trial before */
  struct tables new;
};

static bool lay_cells(const struct trial_state *s, struct layout *l)
{
  uint32_t va;
  if (!lay_view(s, l->cell)) {
    return false;
  }
  for (unsigned i = 0; i < s->outside_count; i++) {
    const struct trial_cell *c = &s->outside[i];
    if (c->at % 4 != 0 || c->at >= s->storage || trial_shown(s, c->at, &va) ||
        trial_shown(s, c->at + 3, &va)) {
      return false;
    }
    for (unsigned k = 0; k < i; k++) {
      if (s->outside[k].at == c->at) {
        return false;
      }
    }
    l->cell[s->view_count + i] = (struct map_word){c->at, c->word};
  }
  return true;
}

static bool is_unwalked(const struct trial_state *s, const struct layout *l)
{
  for (unsigned i = 0; i < s->view_count + s->outside_count; i++) {
    if (is_walked(s, l->tables, l->cell[i].pa)) {
      return false;
    }
  }
  return true;
}

/* False: one of them cannot. The tables of the trial before are known. */
static bool lay_out(const struct trial_machine *t, const struct trial_state *s, struct layout *l)
{
  if (!lay_cells(s, l)) {
    return false;
  }
  if (s->map.mmu == 0) {
    return true;
  }
  l->tables = &t->tables;
  if (!map_same(&s->map, &t->map)) {
    lay_tables(s, &l->new);
    l->tables = &l->new;
  }
  return is_unwalked(s, l);
}

bool trial_is_laid_out(const struct trial_state *s)
{
  struct layout l;
  if (!map_legal(&s->map, s->storage) || !lay_cells(s, &l)) {
    return false;
  }
  lay_tables(s, &l.new);
  l.tables = &l.new;
  return is_unwalked(s, &l);
}

static bool legal_keys(const struct trial_machine *t, const struct trial_state *s)
{
  if (s->key_count > TRIAL_KEYS || (s->key_count > 0 && !t->has_keys)) {
    return false;
  }
  for (unsigned i = 0; i < s->key_count; i++) {
    const struct trial_key *k = &s->key[i];
    if (k->block >= t->storage >> KEY_BLOCK_SHIFT || (k->key & ~KEY_MASK) != 0) {
      return false;
    }
    for (unsigned j = 0; j < i; j++) {
      if (s->key[j].block == k->block) {
        return false;
      }
    }
  }
  return true;
}

/* The map of the trial before needs no second look. */
static bool legal_map(const struct trial_machine *t, const struct trial_state *s)
{
  return s->map.mmu == t->mmu && (map_same(&s->map, &t->map) || map_legal(&s->map, s->storage));
}

static bool is_state(const struct trial_machine *t, const struct trial_state *s)
{
  return s->storage == t->storage && s->pc % 4 == 0 && s->reg[REG_ZERO] == 0 &&
         s->view_count <= TRIAL_CELLS && s->outside_count <= TRIAL_CELLS && legal_keys(t, s) &&
         legal_crs(t, s) && legal_map(t, s);
}

/* --------------------------------------------------------------- setting up */

static void put_word(struct trial_machine *t, uint32_t pa, uint32_t word)
{
  if (!machine_phys_write_word(t->machine, gpa(pa), word)) {
    t->host_failed = true; /* the word does lie in storage */
  }
}

/* What lies in storage already is left there: states that are tried one after the
 * other share most of it, and the decoded instruction with it. */
static void place(struct trial_machine *t, const struct map_word *placed, unsigned count)
{
  for (unsigned i = 0; i < t->placed_count; i++) {
    if (!among(&t->placed[i], placed, count)) {
      put_word(t, t->placed[i].pa, 0);
    }
  }
  for (unsigned i = 0; i < count; i++) {
    if (!among(&placed[i], t->placed, t->placed_count)) {
      put_word(t, placed[i].pa, placed[i].word);
    }
  }
  memcpy(t->placed, placed, count * sizeof *placed);
  t->placed_count = count;
}

static uint8_t key_of(const struct trial_key *keys, unsigned count, uint32_t block)
{
  for (unsigned i = 0; i < count; i++) {
    if (keys[i].block == block) {
      return keys[i].key;
    }
  }
  return 0;
}

static void set_key(struct trial_machine *t, uint32_t block, uint8_t key)
{
  machine_key_set(t->machine, gpa(block << KEY_BLOCK_SHIFT), key);
}

static void place_keys(struct trial_machine *t, const struct trial_key *keys, unsigned count)
{
  for (unsigned i = 0; i < t->key_count; i++) {
    if (key_of(keys, count, t->key[i].block) == 0) {
      set_key(t, t->key[i].block, 0);
    }
  }
  for (unsigned i = 0; i < count; i++) {
    if (key_of(t->key, t->key_count, keys[i].block) != keys[i].key) {
      set_key(t, keys[i].block, keys[i].key);
    }
  }
  memcpy(t->key, keys, count * sizeof *keys);
  t->key_count = count;
}

/* Of what the channel may do, one program of the disk that does nothing. Storage is as
 * before: the snapshot is enough. */
static void begin_program(struct machine *m)
{
  const uint32_t nop[2] = {CHANNEL_NOP | 1u << CHANNEL_COUNT_SHIFT, 0};
  uint8_t before[CHANNEL_CCW_SIZE];
  machine_phys_read(m, gpa(0), before, sizeof before);
  machine_phys_write_word(m, gpa(0), nop[0]);
  machine_phys_write_word(m, gpa(4), nop[1]);
  machine_channel_start(m, CHANNEL_UNIT_DISK);
  machine_phys_write(m, gpa(0), before, sizeof before);
}

/* Of the devices as they would be at another tick: a program under way that has less time
 * left is no change, but the clock's advance. */
static uint64_t digest_at(struct machine *m, uint64_t tick)
{
  uint64_t now = machine_tick(m);
  m->ops->set_tick(m, tick);
  uint64_t digest = machine_device_digest(m);
  m->ops->set_tick(m, now);
  return digest;
}

/* False: the host has no memory. */
static bool set_devices(struct trial_machine *t, const struct trial_state *s)
{
  struct devices want = {s->input, s->input ? s->input_byte : 0, s->disk_sector, s->disk_address,
                         s->disk_count};
  const struct devices *have = &t->devices;
  bool under_way = t->store && want.disk_sector != 0; /* a program, which ends at a tick */
  if (!under_way && !t->devices_touched && have->input == want.input && have->byte == want.byte &&
      have->disk_sector == want.disk_sector && have->disk_address == want.disk_address &&
      have->disk_count == want.disk_count) {
    return true;
  }
  struct machine *m = t->machine;
  t->devices_touched = true;
  if (!m->ops->load_devices(m, &t->fresh[t->next_fresh])) {
    t->host_failed = true;
    return false;
  }
  t->next_fresh = !t->next_fresh;
  machine_port_out(m, PORT_DISK_SECTOR, want.disk_sector);
  machine_port_out(m, PORT_DISK_ADDRESS, want.disk_address);
  machine_port_out(m, PORT_DISK_COUNT, want.disk_count);
  if (under_way) {
    begin_program(m);
  }
  if (want.input) {
    machine_console_input(m, 0, want.byte);
  }
  t->devices = want;
  t->devices_touched = false;
  t->devices_digest = machine_device_digest(m);
  return true;
}

static void set_crs(struct trial_machine *t, const struct trial_state *s, uint32_t timer)
{
  struct machine *m = t->machine;
  uint32_t have[ISA_CR_COUNT];
  machine_get_crs(m, have);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (have[n] != s->cr[n] && n != CR_TICK && n != CR_CPUID && n != CR_TIMER) {
      machine_set_cr(m, (enum isa_cr)n, s->cr[n]);
    }
  }
  m->ops->set_cpuid(m, s->cr[CR_CPUID]);
  if (timer != 0) {
    machine_set_cr(m, CR_TIMER, timer);
  }
  t->timer_on = timer != 0;
}

/* The tables of a trial lie where none of its words do, but perhaps words of the trial
 * before: so what is old goes first and what is new comes last. */
static void remove_tables(struct trial_machine *t, const struct tables *new)
{
  const struct tables *old = &t->tables;
  for (unsigned i = 0; i < old->count; i++) {
    if (!among(&old->word[i], new->word, new->count)) {
      put_word(t, old->word[i].pa, 0);
    }
  }
}

static void place_tables(struct trial_machine *t, const struct tables *new)
{
  for (unsigned i = 0; i < new->count; i++) {
    if (!among(&new->word[i], t->tables.word, t->tables.count)) {
      put_word(t, new->word[i].pa, new->word[i].word);
    }
  }
  t->tables = *new;
}

/* Entry i of what the TLB holds. */
static struct map_entry tlb_entry(const struct map *m, unsigned i)
{
  return i < m->count ? m->entry[i] : (struct map_entry){0, 0, 0};
}

static bool tlb_holds(struct trial_machine *t, const struct map *m, unsigned i)
{
  struct map_entry e = tlb_entry(m, i);
  uint32_t hi, lo;
  t->machine->ops->tlb_get(t->machine, i, &hi, &lo); /* for each of 64, in each trial */
  return hi == (e.page | e.space) && lo == e.word;
}

static void set_tlb(struct trial_machine *t, const struct map *m)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (!tlb_holds(t, m, i)) {
      struct map_entry e = tlb_entry(m, i);
      machine_tlb_set(t->machine, i, e.page | e.space, e.word);
    }
  }
}

static bool tlb_changed(struct trial_machine *t, const struct map *m)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (!tlb_holds(t, m, i)) {
      return true;
    }
  }
  return false;
}

static bool has_tlb(const struct trial_state *s)
{
  return (s->map.mmu & ISA_FEATURE_MMU_TLB) != 0;
}

/* Devices before control registers: a byte that arrives raises its line. */
static bool set_up(struct trial_machine *t, const struct trial_state *s, uint32_t timer,
                   const struct layout *l)
{
  struct machine *m = t->machine;
  m->ops->set_tick(m, s->cr[CR_TICK]);
  if (t->timer_on) {
    machine_set_cr(m, CR_TIMER, 0);
  }
  bool new_map = s->map.mmu != 0 && l->tables == &l->new;
  if (new_map) {
    remove_tables(t, l->tables);
  }
  place(t, l->cell, s->view_count + s->outside_count);
  if (new_map) {
    place_tables(t, l->tables);
    t->map = s->map;
  }
  place_keys(t, s->key, s->key_count);
  if (has_tlb(s) && (new_map || t->tlb_touched)) {
    set_tlb(t, &s->map);
    t->tlb_touched = false;
  }
  if (!set_devices(t, s)) {
    return false;
  }
  machine_set_run_state(m, MACHINE_RUNNING);
  machine_set_regs(m, s->reg);
  machine_set_pc(m, s->pc);
  set_crs(t, s, timer);
  return true;
}

static bool can_fetch(const struct trial_machine *t, const struct trial_state *s)
{
  bool te = psw_te(s->cr[CR_PSW]);
  return machine_translate(t->machine, gva(s->pc), MACHINE_FETCH, te).ok &&
         machine_translate(t->machine, gva(s->pc + 3), MACHINE_FETCH, te).ok;
}

/* ------------------------------------------------------------ what happened */

static void take_out(uint8_t *page, uint32_t at, const struct map_word *words, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    for (unsigned k = 0; k < 4; k++) {
      uint32_t pa = words[i].pa + k;
      if (pa - at < ISA_PAGE_SIZE) {
        page[pa - at] ^= (uint8_t)(words[i].word >> 8 * k);
      }
    }
  }
}

/* The first byte of storage that is not as it was placed. */
static uint32_t find_store(struct trial_machine *t)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t page[ISA_PAGE_SIZE];
  for (uint32_t at = 0; at < t->storage; at += ISA_PAGE_SIZE) {
    machine_phys_read(t->machine, gpa(at), page, sizeof page);
    take_out(page, at, t->placed, t->placed_count);
    take_out(page, at, t->tables.word, t->tables.count);
    if (memcmp(page, zeros, sizeof page) != 0) {
      uint32_t i = 0;
      while (page[i] == 0) {
        i++;
      }
      return at + i;
    }
  }
  return t->storage;
}

static uint32_t byte_of(const struct map_word *words, unsigned count, uint32_t pa)
{
  for (unsigned i = 0; i < count; i++) {
    uint32_t k = pa - words[i].pa;
    if (k < 4) {
      return words[i].word >> 8 * k & 0xff;
    }
  }
  return 0;
}

/* No word of a state lies in a table. */
static uint32_t placed_byte(const struct trial_machine *t, uint32_t pa)
{
  return byte_of(t->placed, t->placed_count, pa) | byte_of(t->tables.word, t->tables.count, pa);
}

/* The word of storage at pa as it was placed, or as it is now. */
static uint32_t word_before(const struct trial_machine *t, uint32_t pa)
{
  return placed_byte(t, pa) | placed_byte(t, pa + 1) << 8 | placed_byte(t, pa + 2) << 16 |
         placed_byte(t, pa + 3) << 24;
}

static uint32_t word_now(struct trial_machine *t, uint32_t pa)
{
  uint32_t word = 0;
  machine_phys_read_word(t->machine, gpa(pa), &word);
  return word;
}

/* Reports the store and takes it back. A store through a BASE that is no multiple of
 * 4 can straddle two words of the view: it is then reported at its first byte. */
static void take_store_back(struct trial_machine *t, const struct trial_state *s,
                            struct trial_result *r)
{
  uint32_t first = find_store(t), at = first, last = first;
  if (first == t->storage) {
    return;
  }
  for (uint32_t pa = first; pa < first + 4 && pa < t->storage; pa++) {
    uint8_t byte;
    machine_phys_read(t->machine, gpa(pa), &byte, 1);
    last = byte != placed_byte(t, pa) ? pa : last;
  }
  r->stored = trial_shown(s, first, &at) ? TRIAL_STORE_VIEW : TRIAL_STORE_OUTSIDE;
  uint32_t inside = at % 4, other;
  r->stored_twice = trial_shows_twice(s, at, &other);
  if (inside + (last - first) < 4 && first >= inside && first - inside + 4 <= t->storage) {
    first -= inside;
    at -= inside;
  }
  first = first + 4 <= t->storage ? first : t->storage - 4;
  r->store = (struct trial_cell){at, word_now(t, first)};
  put_word(t, first, word_before(t, first));
}

static void take_key_back(struct trial_machine *t, struct trial_result *r)
{
  for (uint32_t block = 0; block < t->storage >> KEY_BLOCK_SHIFT; block++) {
    uint8_t key, before = key_of(t->key, t->key_count, block);
    if (machine_key_get(t->machine, gpa(block << KEY_BLOCK_SHIFT), &key) && key != before) {
      r->key_changed = true;
      r->key = (struct trial_key){block, key};
      set_key(t, block, before);
    }
  }
}

static bool was_trapped(const struct machine_stop *stop, struct trial_result *r)
{
  r->trapped = stop->why == MACHINE_TRAP;
  r->trap = r->trapped ? stop->trap : (struct trap){0};
  return r->trapped;
}

/* Tries the state with TIMER so; TICK and TIMER of the result as the machine has
 * them then. */
static bool attempt(struct trial_machine *t, const struct trial_state *s, uint32_t timer,
                    const struct layout *l, struct trial_result *r)
{
  struct machine *m = t->machine;
  if (!set_up(t, s, timer, l) || !can_fetch(t, s)) {
    return false;
  }
  uint64_t storage = machine_storage_digest(m), keys = machine_key_changes(m);
  struct machine_stop stop = machine_run(m, (uint64_t)s->cr[CR_TICK] + 1);
  bool stored = machine_storage_digest(m) != storage;
  memset(r, 0, sizeof *r);
  r->tlb_changed = has_tlb(s) && tlb_changed(t, &s->map);
  t->tlb_touched = t->tlb_touched || r->tlb_changed;
  r->device_changed = digest_at(m, s->cr[CR_TICK]) != t->devices_digest;
  t->devices_touched = t->devices_touched || r->device_changed;
  if (machine_key_changes(m) != keys) {
    take_key_back(t, r);
  }
  if (stored) {
    take_store_back(t, s, r);
  }
  if (stop.why == MACHINE_HOST_ERROR) {
    t->host_failed = true;
    return false;
  }
  if (was_trapped(&stop, r)) {
    *r = (struct trial_result){.trapped = true, .trap = r->trap};
    return true;
  }
  r->pc = machine_get_pc(m);
  machine_get_regs(m, r->reg);
  machine_get_crs(m, r->cr);
  r->run_state = machine_run_state(m);
  t->timer_on = t->timer_on || r->cr[CR_TIMER] != 0;
  return true;
}

/* Time has passed by one tick, and a TIMER of 1 has run out. Whether the instruction
 * wrote TIMER cannot be told from its value alone: writing n - 1 looks the same. So it
 * runs again with another TIMER: what was written stays, what ran down does not. */
static bool take_time_back(struct trial_machine *t, const struct trial_state *s,
                           const struct layout *l, struct trial_result *r)
{
  uint32_t timer = s->cr[CR_TIMER], other = timer < 0x80000000 ? timer + 2 : timer - 2;
  if (r->cr[CR_TICK] == s->cr[CR_TICK] + 1) {
    r->cr[CR_TICK] = s->cr[CR_TICK];
  }
  if (timer == 0 || r->cr[CR_TIMER] != timer - 1) {
    return true;
  }
  struct trial_result again;
  if (!attempt(t, s, other, l, &again)) {
    return false;
  }
  if (again.cr[CR_TIMER] == other - 1) {
    r->cr[CR_TIMER] = timer;
    r->cr[CR_IPEND] = again.cr[CR_IPEND];
  }
  return true;
}

bool trial_run(struct trial_machine *t, const struct trial_state *s, struct trial_result *r)
{
  struct layout l;
  if (!is_state(t, s) || !lay_out(t, s, &l) || !attempt(t, s, s->cr[CR_TIMER], &l, r)) {
    return false;
  }
  return r->trapped || take_time_back(t, s, &l, r);
}

static uint32_t table_word(const struct trial_state *s, uint32_t pa)
{
  struct map_word words[MAP_WORDS];
  unsigned count = map_tables(&s->map, s->storage, words);
  for (unsigned i = 0; i < count; i++) {
    if (words[i].pa == pa) {
      return words[i].word;
    }
  }
  return 0;
}

uint32_t trial_view_word(const struct trial_state *s, uint32_t at)
{
  uint32_t pa, twice;
  for (unsigned i = 0; i < s->view_count; i++) {
    if (s->view[i].at == at) {
      return s->view[i].word;
    }
  }
  if (s->map.mmu == 0) {
    return 0;
  }
  bool again = trial_shows_twice(s, at, &twice);
  for (unsigned i = 0; again && i < s->view_count; i++) {
    if (s->view[i].at == twice) {
      return s->view[i].word;
    }
  }
  return s->map.count > 0 && trial_shows(s, at, &pa) ? table_word(s, pa) : 0;
}
