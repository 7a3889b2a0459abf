#include "machine/machine.h"

#include <string.h>

#include "isa/pages.h"
#include "machine/digest.h"
#include "machine/ops.h"

void machine_destroy(struct machine *m)
{
  if (m) {
    m->ops->destroy(m);
  }
}

/* ---------------------------------------------------------------- executing */

struct machine_stop machine_run(struct machine *m, uint64_t until_tick)
{
  struct machine_stop stop = {.why = MACHINE_LIMIT};
  m->ops->run(m, until_tick, &stop);
  return stop;
}

bool machine_deliver(struct machine *m, const struct trap *trap)
{
  return m->ops->deliver(m, trap);
}

struct machine_stop machine_advance(struct machine *m, uint64_t until_tick)
{
  if (m->ops->advance) {
    return m->ops->advance(m, until_tick);
  }
  for (;;) {
    struct machine_stop stop = {.why = MACHINE_LIMIT};
    m->ops->run(m, until_tick, &stop);
    if (stop.why != MACHINE_TRAP) {
      return stop;
    }
    m->ops->deliver(m, &stop.trap); /* a double fault is what run answers next */
  }
}

uint64_t machine_idle(struct machine *m, uint64_t until_tick)
{
  return m->ops->idle(m, until_tick);
}

void machine_set_engine(struct machine *m, enum machine_engine engine)
{
  m->ops->set_engine(m, engine);
}

bool machine_set_stops(struct machine *m, const struct machine_stops *stops)
{
  return m->ops->set_stops ? m->ops->set_stops(m, stops) : stops == NULL;
}

void machine_stops_from(struct machine *m, uint64_t tick)
{
  if (m->ops->stops_from) {
    m->ops->stops_from(m, tick);
  }
}

/* -------------------------------------------------------------------- state */

const struct profile *machine_profile(const struct machine *m)
{
  return m->profile;
}

struct machine *machine_parent(struct machine *m)
{
  return m->parent;
}

const char *machine_name(const struct machine *m)
{
  return m->name;
}

uint32_t machine_get_reg(struct machine *m, unsigned reg)
{
  return m->ops->get_reg(m, reg);
}

void machine_set_reg(struct machine *m, unsigned reg, uint32_t value)
{
  m->ops->set_reg(m, reg, value);
}

void machine_get_regs(struct machine *m, uint32_t *regs)
{
  if (m->ops->get_regs) {
    m->ops->get_regs(m, regs);
    return;
  }
  for (unsigned reg = 0; reg < ISA_REG_COUNT; reg++) {
    regs[reg] = m->ops->get_reg(m, reg);
  }
}

void machine_set_regs(struct machine *m, const uint32_t *regs)
{
  if (m->ops->set_regs) {
    m->ops->set_regs(m, regs);
    return;
  }
  for (unsigned reg = 0; reg < ISA_REG_COUNT; reg++) {
    m->ops->set_reg(m, reg, regs[reg]);
  }
}

uint32_t machine_get_pc(struct machine *m)
{
  return m->ops->get_pc(m);
}

void machine_set_pc(struct machine *m, uint32_t pc)
{
  m->ops->set_pc(m, pc);
}

uint32_t machine_get_cr(struct machine *m, enum isa_cr cr)
{
  return m->ops->get_cr(m, cr);
}

static uint64_t existing_crs(struct machine *m)
{
  _Static_assert(ISA_CR_COUNT <= 64, "a bit for each control register");
  if (m->existing_crs == 0) {
    for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
      m->existing_crs |= (uint64_t)profile_has_cr(m->profile, (enum isa_cr)cr) << cr;
    }
  }
  return m->existing_crs;
}

void machine_get_crs(struct machine *m, uint32_t *crs)
{
  if (m->ops->get_crs) {
    m->ops->get_crs(m, crs);
    return;
  }
  memset(crs, 0, ISA_CR_COUNT * sizeof *crs);
  for (uint64_t left = existing_crs(m); left != 0; left &= left - 1) {
    unsigned cr = (unsigned)__builtin_ctzll(left);
    crs[cr] = m->ops->get_cr(m, (enum isa_cr)cr);
  }
}

void machine_set_cr(struct machine *m, enum isa_cr cr, uint32_t value)
{
  m->ops->set_cr(m, cr, value);
}

uint64_t machine_tick(const struct machine *m)
{
  return m->ops->tick(m);
}

enum machine_run_state machine_run_state(struct machine *m)
{
  return m->ops->run_state(m);
}

void machine_set_run_state(struct machine *m, enum machine_run_state state)
{
  m->ops->set_run_state(m, state);
}

uint64_t machine_next_event(struct machine *m)
{
  return m->ops->next_event(m);
}

uint32_t machine_storage_size(const struct machine *m)
{
  return m->ops->storage_size(m);
}

bool machine_phys_read(struct machine *m, gpa_t at, void *buf, uint32_t len)
{
  return m->ops->phys_read(m, at, buf, len);
}

bool machine_phys_write(struct machine *m, gpa_t at, const void *buf, uint32_t len)
{
  return m->ops->phys_write(m, at, buf, len);
}

bool machine_phys_read_word(struct machine *m, gpa_t at, uint32_t *word)
{
  uint8_t b[4];
  if (!m->ops->phys_read(m, at, b, sizeof b)) {
    return false;
  }
  *word = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
  return true;
}

bool machine_phys_write_word(struct machine *m, gpa_t at, uint32_t word)
{
  uint8_t b[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                  (uint8_t)(word >> 24)};
  return m->ops->phys_write(m, at, b, sizeof b);
}

struct translation machine_translate(struct machine *m, gva_t va, enum machine_access access,
                                     bool te)
{
  return m->ops->translate(m, va, access, te);
}

bool machine_key_get(struct machine *m, gpa_t at, uint8_t *key)
{
  return m->ops->key_get(m, at, key);
}

bool machine_key_set(struct machine *m, gpa_t at, uint8_t key)
{
  return m->ops->key_set(m, at, key);
}

uint64_t machine_key_changes(struct machine *m)
{
  return m->ops->key_changes(m);
}

static bool has_tlb(const struct machine *m, unsigned index)
{
  return (profile_features(m->profile) & ISA_FEATURE_MMU_TLB) && index < TLB_ENTRIES;
}

bool machine_tlb_get(struct machine *m, unsigned index, uint32_t *hi, uint32_t *lo)
{
  *hi = *lo = 0;
  if (!has_tlb(m, index)) {
    return false;
  }
  m->ops->tlb_get(m, index, hi, lo);
  return true;
}

bool machine_tlb_set(struct machine *m, unsigned index, uint32_t hi, uint32_t lo)
{
  if (!has_tlb(m, index)) {
    return false;
  }
  m->ops->tlb_set(m, index, hi, lo);
  return true;
}

/* ------------------------------------------------------------------ devices */

bool machine_port_in(struct machine *m, uint32_t port, uint32_t *value)
{
  return m->ops->port_in(m, port, value);
}

bool machine_port_out(struct machine *m, uint32_t port, uint32_t value)
{
  return m->ops->port_out(m, port, value);
}

uint32_t machine_channel_start(struct machine *m, uint32_t caw)
{
  return m->ops->channel_start(m, caw);
}

uint32_t machine_channel_test(struct machine *m, uint32_t operand)
{
  return m->ops->channel_test(m, operand);
}

void machine_console_input(struct machine *m, uint64_t at, uint8_t byte)
{
  m->ops->console_input(m, at, byte);
}

unsigned machine_console_ahead(struct machine *m)
{
  return m->ops->console_ahead(m);
}

void machine_console_forget(struct machine *m)
{
  m->ops->console_forget(m);
}

const uint8_t *machine_console_output(struct machine *m, size_t *len)
{
  const uint8_t *output = m->ops->console_output(m, len);
  return *len > 0 ? output : (const uint8_t *)"";
}

void machine_console_on_output(struct machine *m, machine_console_fn *fn, void *ctx)
{
  m->ops->console_on_output(m, fn, ctx);
}

struct machine_net machine_net_state(struct machine *m)
{
  return m->ops->net_state(m);
}

bool machine_net_arrive(struct machine *m, uint64_t at, const void *frame, uint32_t len)
{
  return m->ops->net_arrive(m, at, frame, len);
}

void machine_net_on_frame(struct machine *m, machine_net_fn *fn, void *ctx)
{
  m->ops->net_on_frame(m, fn, ctx);
}

uint32_t machine_disk_sectors(struct machine *m)
{
  return m->ops->disk_sectors(m);
}

bool machine_disk_peek(struct machine *m, uint32_t sector, void *buf)
{
  return m->ops->disk_peek(m, sector, buf);
}

/* ---------------------------------------------------------------- comparing */

/* A polynomial in the words of the state, mixed only at the end: this runs once
 * an instruction when two machines are compared by stepping. */
static uint64_t append(uint64_t hash, uint32_t value)
{
  return hash * 0x9fb21c651e98df25u + value;
}

static uint64_t append_tlb(uint64_t hash, struct machine *m)
{
  uint32_t hi, lo;
  for (unsigned i = 0; machine_tlb_get(m, i, &hi, &lo); i++) {
    hash = append(append(hash, hi), lo);
  }
  return hash;
}

/* Only what ops answer goes in, so that every kind of machine agrees. */
uint64_t machine_state_hash(struct machine *m)
{
  const struct machine_ops *ops = m->ops;
  uint64_t hash = append(1, ops->get_pc(m));
  uint32_t regs[ISA_REG_COUNT];
  machine_get_regs(m, regs);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    hash = append(hash, regs[reg]);
  }
  uint32_t crs[ISA_CR_COUNT];
  machine_get_crs(m, crs);
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    hash = append(hash, crs[cr]);
  }
  hash = append_tlb(hash, m);
  hash = digest_add(append(hash, ops->run_state(m)), ops->tick(m));
  hash = digest_add(hash, ops->storage_digest(m));
  return digest_add(hash, ops->device_digest(m));
}

uint64_t machine_storage_digest(struct machine *m)
{
  return m->ops->storage_digest(m);
}

uint64_t machine_device_digest(struct machine *m)
{
  return m->ops->device_digest(m);
}

unsigned machine_watch_storage(struct machine *m, gpa_range_t range)
{
  return m->ops->watch_storage(m, range);
}

uint64_t machine_watched_digest(struct machine *m, unsigned id)
{
  return m->ops->watched_digest(m, id);
}

void machine_unwatch_storage(struct machine *m, unsigned id)
{
  m->ops->unwatch_storage(m, id);
}

void machine_page_digests(struct machine *m, const uint32_t *pages, uint32_t count,
                          uint64_t *digests)
{
  m->ops->page_digests(m, pages, count, digests);
}

const struct machine_stats *machine_stats(struct machine *m)
{
  return m->ops->stats(m);
}

bool machine_set_lint(struct machine *m, machine_lint_fn *fn, void *ctx)
{
  return m->ops->set_lint && m->ops->set_lint(m, fn, ctx);
}

void machine_set_tracer(struct machine *m, struct tracer *tracer)
{
  m->tracer = tracer;
}
