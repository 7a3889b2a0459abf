#include "machine/bare.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "machine/disk_store.h"
#include "machine/trace_emit.h"

/* ------------------------------------------------------------- the boundary */

/* In place: a struct that is made and copied at once stalls the host. */
static void stop(struct machine_stop *s, enum machine_why why)
{
  memset(s, 0, sizeof *s);
  s->why = why;
}

/* States that are left only by the owner's hand. */
static bool is_stuck(const struct bare *b)
{
  return b->run_state == MACHINE_STOPPED || b->double_fault || b->host_error;
}

static struct machine_stop stuck(const struct bare *b)
{
  if (b->host_error) {
    return (struct machine_stop){.why = MACHINE_HOST_ERROR, .reason = b->host_error};
  }
  if (b->double_fault) {
    return (struct machine_stop){.why = MACHINE_DOUBLE_FAULT, .trap = b->trap};
  }
  return (struct machine_stop){.why = MACHINE_HALTED};
}

/* Lowest line first. */
static bool interrupted(struct bare *b)
{
  uint32_t lines = b->cr[CR_IPEND] & b->cr[CR_IMASK];
  if (!psw_ie(b->psw) || lines == 0) {
    return false;
  }
  b->trap = (struct trap){.cause = b->cause_of_line[__builtin_ctz(lines)], .epc = b->pc};
  return true;
}

/* Executes at least one instruction; false: b->trap. */
static inline bool execute(struct bare *b, uint64_t until)
{
  bool done;
  if (b->engine == MACHINE_ENGINE_STEPPER || b->lint || trace_wants_instructions(&b->machine)) {
    done = bare_step(b);
  } else {
    done = engine_run(b, (b->next_event < until ? b->next_event : until) - b->tick);
  }
  return done || (b->mmu.mmio && bare_mmio(b));
}

/* It changed the PSW or the run state, and so no register that the map is made of. */
static uint32_t completed_insn(const struct bare *b, uint32_t psw)
{
  struct translation t = mmu_translate(b, b->resync_pc, 4, MACHINE_FETCH, bare_who_of(b, psw));
  return t.ok ? storage_load(&b->storage, t.pa.v, 4) : 0;
}

/* What a completed instruction did to the processor's mode, run state and
 * relocation. Each makes the engine look at the boundary, so the instruction was the
 * last one. */
static void trace_changes(struct bare *b, uint32_t psw, struct relocation relocation)
{
  bool mode = (psw ^ b->psw) & PSW_MODE_MASK;
  uint32_t pc = b->resync_pc;
  if (mode) {
    trace_emit(&b->machine, TRACE_MODE, b->tick - 1, psw, pc, b->psw, completed_insn(b, psw));
  }
  if (b->run_state != MACHINE_RUNNING) {
    trace_emit(&b->machine, TRACE_STATE, b->tick - 1, b->run_state, pc, 0, completed_insn(b, psw));
  }
  bare_trace_map(b, relocation);
}

static __attribute__((noinline, cold)) void trace_trap(const struct bare *b)
{
  trace_emit(&b->machine, TRACE_TRAP, b->tick, b->trap.cause, b->trap.epc, b->trap.value,
             b->trap.insn);
}

static inline void trapped(struct bare *b)
{
  b->stops.queued = 0; /* an access before the one that trapped was none */
  b->stats.traps[b->trap.cause]++;
  if (b->machine.tracer) {
    trace_trap(b);
  }
}

static bool at_break(const struct bare *b, unsigned *id)
{
  return __builtin_expect(b->stops.armed, 0) && stops_break_at(&b->stops, b->tick, b->pc, id);
}

static struct machine_stop broken(const struct bare *b)
{
  struct machine_hit hit = {.event = MACHINE_EVENT_BREAK, .pc = b->pc};
  at_break(b, &hit.id);
  return (struct machine_stop){.why = MACHINE_BREAK, .hit = hit};
}

static void note_changes(struct bare *b, uint32_t psw)
{
  if (b->stops.mode && ((psw ^ b->psw) & PSW_MODE_MASK)) {
    stops_note(&b->stops, &(struct machine_hit){.event = MACHINE_EVENT_MODE});
  }
  if (b->stops.wait && b->run_state == MACHINE_WAITING) {
    stops_note(&b->stops, &(struct machine_hit){.event = MACHINE_EVENT_WAIT});
  }
}

enum outcome { WENT_ON, TRAPPED, BROKEN, STOPPED };

/* The same as go_on() for a tracer or a debugger. */
static __attribute__((noinline)) enum outcome go_on_watched(struct bare *b, uint64_t until)
{
  uint32_t psw = b->psw;
  struct relocation relocation = bare_relocation(b);
  if (interrupted(b)) {
    return TRAPPED;
  }
  if (at_break(b, &(unsigned){0})) {
    return BROKEN;
  }
  if (!execute(b, until)) {
    return TRAPPED;
  }
  if (b->machine.tracer) {
    trace_changes(b, psw, relocation);
  }
  if (b->stops.armed) {
    note_changes(b, psw);
  }
  return WENT_ON;
}

/* One instruction or many, unless there is cause to stop before the first. */
static inline enum outcome go_on(struct bare *b, uint64_t until)
{
  if (__builtin_expect(b->machine.tracer != NULL || b->stops.armed, 0)) {
    return go_on_watched(b, until);
  }
  if (interrupted(b)) {
    return TRAPPED;
  }
  return execute(b, until) ? WENT_ON : TRAPPED;
}

/* Runs until something stops it. The order at a boundary is that of
 * docs/machine.md, "At each instruction boundary". Answers `outcome`, or what *s is then. */
static inline __attribute__((always_inline)) enum outcome run(struct bare *b, uint64_t until,
                                                              struct machine_stop *s)
{
  enum outcome outcome;
  bare_schedule_timer(b); /* its owner may have set it (struct machine_live) */
  do {
    outcome = WENT_ON;
    if (b->tick >= b->next_event) {
      bare_fire(b);
    }
    if (__builtin_expect(b->stops.queued > 0, 0)) {
      *s = stops_report(&b->stops, b->resync_pc);
      return STOPPED;
    }
    if (__builtin_expect(is_stuck(b), 0)) {
      *s = stuck(b);
      return STOPPED;
    }
    if (b->tick >= until) {
      stop(s, MACHINE_LIMIT);
      return STOPPED;
    }
    if (b->run_state != MACHINE_WAITING) {
      outcome = go_on(b, until);
    } else if (!bare_wait(b, until)) {
      stop(s, MACHINE_WAITS);
      return STOPPED;
    }
  } while (outcome == WENT_ON);
  return outcome;
}

static void bare_run(struct machine *m, uint64_t until, struct machine_stop *s)
{
  struct bare *b = bare_of(m);
  enum outcome outcome = run(b, until, s);
  if (outcome == TRAPPED) {
    trapped(b);
    s->why = MACHINE_TRAP;
    s->trap.cause = b->trap.cause; /* word by word: see the Makefile's CFLAGS */
    s->trap.epc = b->trap.epc;
    s->trap.value = b->trap.value;
    s->trap.insn = b->trap.insn;
    s->trap.ngpa = b->trap.ngpa;
    s->reason = NULL;
  } else if (outcome == BROKEN) {
    *s = broken(b);
  }
}

static struct machine_stop bare_advance(struct machine *m, uint64_t until)
{
  struct bare *b = bare_of(m);
  b->delivers = b->machine.tracer == NULL && !b->stops.armed;
  struct machine_stop s;
  for (;;) {
    enum outcome outcome = run(b, until, &s);
    if (outcome != TRAPPED) {
      b->delivers = false;
      return outcome == BROKEN ? broken(b) : s;
    }
    trapped(b);
    struct trap trap = b->trap;
    bare_deliver(m, &trap);
  }
}

/* Pages that are watched have no tags, so that their accesses come to access.c. */
static void watch_pages(struct bare *b)
{
  for (uint32_t i = 0; i < b->storage.size >> STORAGE_PAGE_SHIFT; i++) {
    b->storage.page[i].watched = false;
  }
  for (unsigned i = 0; i < b->stops.watch_count; i++) {
    const struct machine_watch *w = &b->stops.watches[i];
    uint64_t end = (uint64_t)w->range.start.v + w->range.size;
    end = end < b->storage.size ? end : b->storage.size;
    uint64_t first = w->range.start.v >> STORAGE_PAGE_SHIFT;
    for (uint64_t p = first; p << STORAGE_PAGE_SHIFT < end; p++) {
      b->storage.page[p].watched = true;
      mmu_forget_page(b, (uint32_t)p);
    }
  }
}

static bool bare_set_stops(struct machine *m, const struct machine_stops *wanted)
{
  struct bare *b = bare_of(m);
  code_forget_breaks(b);
  bool ok = stops_set(&b->stops, wanted);
  code_forget_breaks(b);
  watch_pages(b);
  return ok;
}

static void bare_stops_from(struct machine *m, uint64_t tick)
{
  stops_from(&bare_of(m)->stops, bare_of(m)->tick, tick);
}

/* -------------------------------------------------------------------- state */

static void bare_set_engine(struct machine *m, enum machine_engine engine)
{
  struct bare *b = bare_of(m);
  b->engine = engine;
  code_set_fused(b, engine == MACHINE_ENGINE_FAST);
}

static uint32_t bare_get_reg(struct machine *m, unsigned reg)
{
  return bare_of(m)->reg[reg];
}

static void bare_set_reg(struct machine *m, unsigned reg, uint32_t value)
{
  if (reg != REG_ZERO) {
    bare_of(m)->reg[reg] = value;
  }
}

static void bare_get_regs(struct machine *m, uint32_t *regs)
{
  memcpy(regs, bare_of(m)->reg, ISA_REG_COUNT * sizeof *regs);
}

static void bare_set_regs(struct machine *m, const uint32_t *regs)
{
  memcpy(bare_of(m)->reg, regs, ISA_REG_COUNT * sizeof *regs);
  bare_of(m)->reg[REG_ZERO] = 0;
}

static uint32_t bare_get_pc(struct machine *m)
{
  return bare_of(m)->pc;
}

static void bare_set_pc(struct machine *m, uint32_t pc)
{
  bare_of(m)->pc = pc;
}

static uint32_t bare_get_cr(struct machine *m, enum isa_cr cr)
{
  return bare_read_cr(bare_of(m), cr, bare_of(m)->tick);
}

static void bare_get_crs(struct machine *m, uint32_t *crs)
{
  struct bare *b = bare_of(m);
  memcpy(crs, b->cr, sizeof b->cr);
  crs[CR_PSW] = b->psw;
  crs[CR_TIMER] = bare_read_cr(b, CR_TIMER, b->tick);
  crs[CR_TICK] = (uint32_t)b->tick;
  crs[CR_CPUID] = b->cpuid;
}

static void bare_set_cr(struct machine *m, enum isa_cr cr, uint32_t value)
{
  if (bare_of(m)->crs >> cr & 1) {
    bare_write_cr(bare_of(m), cr, value, bare_of(m)->tick);
  }
}

static uint64_t bare_tick(const struct machine *m)
{
  return ((const struct bare *)m)->tick;
}

static void bare_set_tick(struct machine *m, uint64_t tick)
{
  bare_of(m)->tick = tick;
}

static void bare_set_cpuid(struct machine *m, uint32_t cpuid)
{
  bare_of(m)->cpuid = cpuid;
}

static enum machine_run_state bare_run_state(struct machine *m)
{
  return bare_of(m)->run_state;
}

static void bare_set_run_state(struct machine *m, enum machine_run_state state)
{
  bare_of(m)->run_state = state;
  bare_of(m)->double_fault = false;
}

static uint64_t bare_next_event(struct machine *m)
{
  bare_schedule_timer(bare_of(m));
  return bare_of(m)->next_event;
}

static uint32_t bare_storage_size(const struct machine *m)
{
  return ((const struct bare *)m)->storage.size;
}

static bool bare_phys_read(struct machine *m, gpa_t at, void *buf, uint32_t len)
{
  struct bare *b = bare_of(m);
  if (!range_contains(0, b->storage.size, at.v, len)) {
    return false;
  }
  if (len > 0) {
    memcpy(buf, b->storage.bytes + at.v, len);
  }
  return true;
}

static bool bare_phys_write(struct machine *m, gpa_t at, const void *buf, uint32_t len)
{
  struct bare *b = bare_of(m);
  if (!range_contains(0, b->storage.size, at.v, len)) {
    return false;
  }
  bare_phys_store(b, at.v, buf, len);
  return true;
}

static struct translation bare_translate(struct machine *m, gva_t va, enum machine_access access,
                                         bool te)
{
  struct mmu_who who = bare_who(bare_of(m));
  who.te = te;
  return mmu_translate(bare_of(m), va.v, 1, access, who);
}

static bool bare_owner_key_get(struct machine *m, gpa_t at, uint8_t *key)
{
  uint32_t value = 0;
  bool ok = bare_key_get(bare_of(m), at.v, &value);
  *key = (uint8_t)value;
  return ok;
}

static bool bare_owner_key_set(struct machine *m, gpa_t at, uint8_t key)
{
  return bare_key_set(bare_of(m), at.v, key);
}

static uint64_t bare_key_changes(struct machine *m)
{
  return bare_of(m)->storage.key_changes;
}

static void bare_tlb_get(struct machine *m, unsigned index, uint32_t *hi, uint32_t *lo)
{
  const struct tlb_entry *e = &bare_of(m)->mmu.tlb[index];
  *hi = e->hi;
  *lo = e->lo;
}

static void bare_tlb_set(struct machine *m, unsigned index, uint32_t hi, uint32_t lo)
{
  hi &= isa_cr_info(CR_TLBHI)->write_mask;
  mmu_tlb_set(bare_of(m), index, (struct tlb_entry){hi, lo});
}

static const struct machine_stats *bare_stats(struct machine *m)
{
  return &bare_of(m)->stats;
}

/* ------------------------------------------------------------------ devices */

static bool bare_owner_in(struct machine *m, uint32_t port, uint32_t *value)
{
  return bare_port_in(bare_of(m), bare_of(m)->tick, port, value);
}

static bool bare_owner_out(struct machine *m, uint32_t port, uint32_t value)
{
  return bare_port_out(bare_of(m), bare_of(m)->tick, port, value);
}

static uint32_t bare_owner_sio(struct machine *m, uint32_t caw)
{
  return bare_channel_start(bare_of(m), bare_of(m)->tick, caw);
}

static uint32_t bare_owner_tio(struct machine *m, uint32_t operand)
{
  return bare_channel_test(bare_of(m), operand);
}

static void bare_console_input(struct machine *m, uint64_t at, uint8_t byte)
{
  struct bare *b = bare_of(m);
  if (!console_input(b->devices.console, b->tick, at, byte)) {
    b->host_error = "no memory for console input";
  }
  bare_fire(b);
}

static unsigned bare_console_ahead(struct machine *m)
{
  return console_ahead(bare_of(m)->devices.console);
}

static void bare_console_forget(struct machine *m)
{
  console_forget(bare_of(m)->devices.console);
  bare_schedule(bare_of(m));
}

static const uint8_t *bare_console_output(struct machine *m, size_t *len)
{
  return console_output(bare_of(m)->devices.console, len);
}

static void bare_console_on_output(struct machine *m, machine_console_fn *fn, void *ctx)
{
  console_on_output(bare_of(m)->devices.console, fn, ctx);
}

static struct machine_net bare_net_state(struct machine *m)
{
  return net_state(bare_of(m)->devices.net);
}

static bool bare_net_arrive(struct machine *m, uint64_t at, const void *frame, uint32_t len)
{
  struct bare *b = bare_of(m);
  bool kept = net_log(b->devices.net, b->tick, at, frame, len);
  if (!b->host_error) {
    b->host_error = devices_host_error(&b->devices);
  }
  bare_fire(b);
  return kept;
}

static void bare_net_on_frame(struct machine *m, machine_net_fn *fn, void *ctx)
{
  bare_of(m)->on_frame = fn;
  bare_of(m)->on_frame_ctx = ctx;
}

static uint32_t bare_disk_sectors(struct machine *m)
{
  return disk_sectors(bare_of(m)->devices.disk);
}

static bool bare_disk_peek(struct machine *m, uint32_t sector, void *buf)
{
  return disk_peek(bare_of(m)->devices.disk, sector, buf);
}

static bool bare_disk_poke(struct machine *m, uint32_t sector, const void *buf)
{
  return disk_poke(bare_of(m)->devices.disk, sector, buf);
}

static bool bare_save_devices(struct machine *m, struct machine_blob *blob)
{
  return devices_save(&bare_of(m)->devices, blob);
}

static bool bare_load_devices(struct machine *m, const struct machine_blob *blob)
{
  struct bare *b = bare_of(m);
  bool ok = devices_load(&b->devices, blob);
  b->host_error = devices_host_error(&b->devices);
  bare_schedule(b);
  return ok;
}

/* What the disk's front end asks of us. */
static bool store_peek(void *ctx, uint32_t sector, void *buf)
{
  return disk_store_read(((struct bare *)ctx)->store, sector, buf);
}

static bool store_poke(void *ctx, uint32_t sector, const void *buf)
{
  return disk_store_write(((struct bare *)ctx)->store, sector, buf);
}

static uint32_t dma_size(void *ctx)
{
  return ((struct bare *)ctx)->storage.size;
}

static bool dma_read(void *ctx, gpa_t at, void *buf, uint32_t len)
{
  return bare_phys_read(ctx, at, buf, len);
}

static bool dma_write(void *ctx, gpa_t at, const void *buf, uint32_t len)
{
  struct bare *b = ctx;
  if (b->stops.watch_count > 0 && range_contains(0, b->storage.size, at.v, len)) {
    stops_transfer(&b->stops, at.v, b->storage.bytes + at.v, buf, len);
  }
  return bare_phys_write(ctx, at, buf, len);
}

const struct disk_ops bare_disk_ops = {
    .peek = store_peek,
    .poke = store_poke,
    .storage_size = dma_size,
    .dma_read = dma_read,
    .dma_write = dma_write,
};

/* … and the network's. */
static void frame_passed(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct bare *b = ctx;
  trace_emit_frame(&b->machine, b->tick, way, frame, len);
  if (b->on_frame) {
    b->on_frame(b->on_frame_ctx, way, frame, len);
  }
}

static const struct net_ops net_over_nothing = {
    .storage_size = dma_size, .dma_read = dma_read, .dma_write = dma_write, .frame = frame_passed};

static const struct devices_ops ops_of_devices = {.disk = &bare_disk_ops, .net = &net_over_nothing};

/* ------------------------------------------------------------------ digests */

static void cleaned(void *ctx, uint32_t page)
{
  mmu_forget_write(ctx, page);
}

static uint64_t bare_watched_digest(struct machine *m, unsigned id)
{
  struct bare *b = bare_of(m);
  storage_settle(&b->storage, cleaned, b);
  return id == MACHINE_NO_WATCH ? 0 : storage_watched(&b->storage, id);
}

static uint64_t bare_storage_digest(struct machine *m)
{
  return bare_watched_digest(m, 0);
}

static uint64_t bare_device_digest(struct machine *m)
{
  struct bare *b = bare_of(m);
  return devices_digest(&b->devices, b->tick);
}

static unsigned bare_watch_storage(struct machine *m, gpa_range_t range)
{
  unsigned id;
  return storage_watch(&bare_of(m)->storage, range, &id) ? id : MACHINE_NO_WATCH;
}

static void bare_unwatch_storage(struct machine *m, unsigned id)
{
  if (id != MACHINE_NO_WATCH) {
    storage_unwatch(&bare_of(m)->storage, id);
  }
}

static void bare_page_digests(struct machine *m, const uint32_t *pages, uint32_t count,
                              uint64_t *digests)
{
  struct bare *b = bare_of(m);
  storage_settle(&b->storage, cleaned, b);
  for (uint32_t i = 0; i < count; i++) {
    digests[i] = b->storage.page[pages[i]].digest;
  }
}

/* --------------------------------------------------------------------- life */

static void bare_destroy(struct machine *m)
{
  struct bare *b = bare_of(m);
  bare_set_lint(m, NULL, NULL);
  stops_free(&b->stops);
  code_free(b);
  devices_destroy(&b->devices);
  mmu_free(&b->mmu);
  storage_free(&b->storage);
  free(b);
}

static const struct machine_ops bare_ops = {
    .destroy = bare_destroy,
    .run = bare_run,
    .deliver = bare_deliver,
    .advance = bare_advance,
    .idle = bare_idle,
    .set_engine = bare_set_engine,
    .set_stops = bare_set_stops,
    .stops_from = bare_stops_from,
    .get_reg = bare_get_reg,
    .set_reg = bare_set_reg,
    .get_regs = bare_get_regs,
    .set_regs = bare_set_regs,
    .get_pc = bare_get_pc,
    .set_pc = bare_set_pc,
    .get_crs = bare_get_crs,
    .get_cr = bare_get_cr,
    .set_cr = bare_set_cr,
    .tick = bare_tick,
    .set_tick = bare_set_tick,
    .set_cpuid = bare_set_cpuid,
    .run_state = bare_run_state,
    .set_run_state = bare_set_run_state,
    .next_event = bare_next_event,
    .storage_size = bare_storage_size,
    .phys_read = bare_phys_read,
    .phys_write = bare_phys_write,
    .translate = bare_translate,
    .key_get = bare_owner_key_get,
    .key_set = bare_owner_key_set,
    .key_changes = bare_key_changes,
    .tlb_get = bare_tlb_get,
    .tlb_set = bare_tlb_set,
    .port_in = bare_owner_in,
    .port_out = bare_owner_out,
    .channel_start = bare_owner_sio,
    .channel_test = bare_owner_tio,
    .console_input = bare_console_input,
    .console_ahead = bare_console_ahead,
    .console_forget = bare_console_forget,
    .console_output = bare_console_output,
    .console_on_output = bare_console_on_output,
    .net_state = bare_net_state,
    .net_arrive = bare_net_arrive,
    .net_on_frame = bare_net_on_frame,
    .disk_sectors = bare_disk_sectors,
    .disk_peek = bare_disk_peek,
    .disk_poke = bare_disk_poke,
    .storage_digest = bare_storage_digest,
    .device_digest = bare_device_digest,
    .watch_storage = bare_watch_storage,
    .watched_digest = bare_watched_digest,
    .unwatch_storage = bare_unwatch_storage,
    .page_digests = bare_page_digests,
    .stats = bare_stats,
    .set_lint = bare_set_lint,
    .save_devices = bare_save_devices,
    .load_devices = bare_load_devices,
};

static void reset(struct bare *b)
{
  b->pc = ISA_RESET_PC;
  b->cpuid = BARE_CPUID;
  b->modes = profile_modes(b->machine.profile);
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    b->crs |= (uint64_t)profile_has_cr(b->machine.profile, (enum isa_cr)cr) << cr;
  }
  b->timer_at = MACHINE_NEVER;
  b->cr[CR_IMASK] = isa_cr_info(CR_IMASK)->write_mask;
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (isa_cause_is_interrupt(cause)) {
      b->cause_of_line[isa_cause_info(cause)->line % 32] = (uint8_t)cause;
    }
  }
  bare_schedule(b);
}

struct machine *machine_create(const struct machine_config *config, const char **reason)
{
  struct bare *b = calloc(1, sizeof *b);
  if (!b) {
    goto no_bare;
  }
  b->machine = (struct machine){.ops = &bare_ops, .profile = config->profile, .name = "machine"};
  b->machine.live = (struct machine_live){.tick = &b->tick,
                                          .regs = b->reg,
                                          .pc = &b->pc,
                                          .psw = &b->psw,
                                          .timer_at = &b->timer_at,
                                          .cr_writes = &b->cr_writes};
  b->store = config->disk;
  if (!storage_init(&b->storage, config->storage)) {
    goto no_storage;
  }
  if ((profile_features(config->profile) & ISA_FEATURE_KEYS) && !storage_add_keys(&b->storage)) {
    goto no_mmu;
  }
  if (!mmu_init(&b->mmu, config->profile)) {
    goto no_mmu;
  }
  uint32_t sectors = b->store ? disk_store_sectors(b->store) : 0;
  if (!devices_create(&b->devices, sectors, config->station, &ops_of_devices, b)) {
    goto no_devices;
  }
  reset(b);
  engine_init(b);
  bare_set_engine(&b->machine, config->engine);
  return &b->machine;

no_devices:
  mmu_free(&b->mmu);
no_mmu:
  storage_free(&b->storage);
no_storage:
  free(b);
no_bare:
  if (reason) {
    *reason = "the host has no memory for the machine";
  }
  return NULL;
}
