#include "tests/nano/lockstep.h"

#include <stdarg.h>
#include <string.h>

#include "tests/common/program.h"

/* Ticks of the real machine for one of the virtual one, at the very most. */
#define SLOWEST    1000u
#define BOOT_TICKS 4000000u

#define PORT_DISK_SECTOR  0x10u /* docs/machine.md */
#define PORT_DISK_ADDRESS 0x11u
#define PORT_DISK_COUNT   0x12u
#define PORT_DISK_STATUS  0x14u
#define PORT_INPUT_THERE  0x01u
#define PORT_NET_SEND_AT  0x21u
#define PORT_NET_STATUS   0x25u

__attribute__((format(printf, 2, 3))) static bool differs(struct lockstep *l, const char *format,
                                                          ...)
{
  va_list args;
  va_start(args, format);
  int at = snprintf(l->difference, sizeof l->difference,
                    "tick %llu (the real machine's last trap: %u, by %08x): ",
                    (unsigned long long)machine_tick(l->bare), machine_get_cr(l->real, CR_CAUSE),
                    machine_get_cr(l->real, CR_EINSN));
  vsnprintf(l->difference + at, sizeof l->difference - (size_t)at, format, args);
  va_end(args);
  return false;
}

static uint32_t peek(struct lockstep *l, uint32_t at)
{
  uint32_t word = 0;
  insist(machine_phys_read_word(l->real, gpa(at), &word), "beyond the real storage");
  return word;
}

static void poke(struct lockstep *l, uint32_t at, uint32_t word)
{
  insist(machine_phys_write_word(l->real, gpa(at), word), "beyond the real storage");
}

/* ------------------------------------------------------------------- set-up */

static void find_places(struct places *p, const struct image *monitor)
{
  const struct {
    const char *name;
    uint32_t *to;
  } wanted[] = {{"boundary", &p->boundary},
                {"lend", &p->lend},
                {"console_arrive", &p->console_arrive},
                {"regs", &p->regs},
                {"pc", &p->pc},
                {"lent_at", &p->lent_at},
                {"vcr", &p->vcr},
                {"size", &p->size},
                {"ring_in", &p->ring_in},
                {"ring_out", &p->ring_out},
                {"disk_sector", &p->disk_sector},
                {"disk_address", &p->disk_address},
                {"disk_count", &p->disk_count},
                {"disk_error", &p->disk_error},
                {"disk_left", &p->disk_left},
                {"send_at", &p->send_at},
                {"net_errors", &p->net_errors},
                {"disk_size", &p->disk_size},
                {"image", &p->image},
                {"storage", &p->storage}};
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    insist(image_find_symbol(monitor, wanted[i].name, wanted[i].to), wanted[i].name);
  }
}

static void stop_at(struct machine *m, const uint32_t *pcs, unsigned count)
{
  insist(machine_set_stops(m, &(struct machine_stops){.breaks = pcs, .break_count = count}),
         "no memory for stops");
}

static struct disk_store *make_disk(uint32_t before, uint32_t sectors, uint32_t behind)
{
  struct disk_store *d = disk_store_memory(before + sectors + behind);
  insist(d, "no disk");
  for (uint32_t i = 0; i < before + sectors + behind; i++) {
    uint8_t sector[MACHINE_SECTOR_SIZE];
    bool ours = i >= before && i < before + sectors;
    memset(sector, ours ? (int)(i - before) * 7 : 0xa5, sizeof sector);
    insist(disk_store_write(d, i, sector), "no room on the disk");
  }
  return d;
}

#define LAST_CR 22u /* of those for which nanovmm has a place: no machine that it runs on has more */
static bool has_cr(const struct lockstep *l, unsigned cr)
{
  const struct profile *p = machine_profile(l->bare);
  return cr <= LAST_CR || (cr < ISA_CR_COUNT && profile_has_cr(p, (enum isa_cr)cr));
}

static uint64_t text_digest(struct lockstep *l)
{
  unsigned id = machine_watch_storage(l->real, (gpa_range_t){gpa(0), ISA_RESET_PC * 2});
  uint64_t digest = machine_watched_digest(l->real, id);
  machine_unwatch_storage(l->real, id);
  return digest;
}

void lockstep_open(struct lockstep *l, const struct image *monitor, const struct profile *profile,
                   uint32_t extra, uint32_t sectors)
{
  memset(l, 0, sizeof *l);
  l->profile = profile;
  find_places(&l->at, monitor);
  l->real_disk = make_disk(LOCKSTEP_BEFORE, sectors, LOCKSTEP_BEHIND);
  l->bare_disk = make_disk(0, sectors, 0);
  l->real = machine_create(&(struct machine_config){.profile = profile,
                                                    .disk = l->real_disk,
                                                    .storage = l->at.storage + extra},
                           NULL);
  insist(l->real && image_load(monitor, l->real, stderr), "no real machine");
  stop_at(l->real, &l->at.boundary, 1);
  insist(machine_advance(l->real, BOOT_TICKS).why == MACHINE_BREAK, "nanovmm does not boot");
  uint32_t size = peek(l, l->at.size);
  poke(l, l->at.disk_size, sectors); /* what lies behind is not the guest's */
  l->bare = machine_create(
      &(struct machine_config){.profile = profile, .disk = l->bare_disk, .storage = size}, NULL);
  insist(l->bare, "no bare machine");
  l->real_watch = machine_watch_storage(l->real, (gpa_range_t){gpa(l->at.storage), size});
  l->bare_watch = machine_watch_storage(l->bare, (gpa_range_t){gpa(0), size});
  l->text = text_digest(l);
}

void lockstep_close(struct lockstep *l)
{
  machine_destroy(l->bare);
  machine_destroy(l->real);
  disk_store_destroy(l->bare_disk);
  disk_store_destroy(l->real_disk);
}

void lockstep_become(struct lockstep *l, struct guest *g)
{
  unsigned inputs = g->inputs;
  g->inputs = 0; /* what is typed, nanovmm hears first */
  guest_load(g, l->bare);
  g->inputs = inputs;
  insist(machine_phys_write(l->real, gpa(l->at.storage), g->word, GUEST_STORAGE), "storage");
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    poke(l, l->at.regs + 4 * r, g->reg[r]);
  }
  for (unsigned cr = 0; has_cr(l, cr); cr++) {
    poke(l, l->at.vcr + 4 * cr, machine_get_cr(l->bare, (enum isa_cr)cr));
  }
  poke(l, l->at.pc, g->pc);
  uint64_t now = machine_tick(l->real);
  for (unsigned i = 0; i < g->inputs; i++) {
    machine_console_input(l->real, now + 1 + g->input[i].at * 20, g->input[i].byte);
  }
}

/* ---------------------------------------------------------------- comparing */

static bool same_processor(struct lockstep *l)
{
  for (unsigned r = 0; r < ISA_REG_COUNT; r++) {
    uint32_t bare = machine_get_reg(l->bare, r), virtual = peek(l, l->at.regs + 4 * r);
    if (bare != virtual) {
      return differs(l, "%s is %08x bare, %08x virtual", isa_reg_name(r), bare, virtual);
    }
  }
  if (machine_get_pc(l->bare) != peek(l, l->at.pc)) {
    return differs(l, "pc is %08x bare, %08x virtual", machine_get_pc(l->bare), peek(l, l->at.pc));
  }
  for (unsigned cr = 0; has_cr(l, cr); cr++) {
    uint32_t bare = machine_get_cr(l->bare, (enum isa_cr)cr), virtual = peek(l, l->at.vcr + 4 * cr);
    if (bare != virtual) {
      return differs(l, "%s is %08x bare, %08x virtual", isa_cr_info((enum isa_cr)cr)->name, bare,
                     virtual);
    }
  }
  return true;
}

static bool same_devices(struct lockstep *l)
{
  uint32_t status = peek(l, l->at.disk_error) << 1 | (peek(l, l->at.disk_left) != 0);
  uint32_t net = peek(l, l->at.net_errors) | (peek(l, l->at.net_errors + 4) != 0 ? 1u : 0) |
                 (peek(l, l->at.net_errors + 8) != 0 ? 2u : 0);
  const struct {
    uint32_t port, virtual;
  } ports[] = {{PORT_DISK_SECTOR, peek(l, l->at.disk_sector)},
               {PORT_DISK_ADDRESS, peek(l, l->at.disk_address)},
               {PORT_DISK_COUNT, peek(l, l->at.disk_count)},
               {PORT_DISK_STATUS, status},
               {PORT_NET_SEND_AT, peek(l, l->at.send_at)},
               {PORT_NET_SEND_AT + 1, peek(l, l->at.send_at + 4)},
               {PORT_NET_SEND_AT + 2, peek(l, l->at.send_at + 8)},
               {PORT_NET_STATUS, net},
               {PORT_INPUT_THERE, peek(l, l->at.ring_in) != peek(l, l->at.ring_out)}};
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
    uint32_t bare = 0;
    insist(machine_port_in(l->bare, ports[i].port, &bare), "no such port");
    if (bare != ports[i].virtual) {
      return differs(l, "port %02x reads %08x bare, %08x virtual", ports[i].port, bare,
                     ports[i].virtual);
    }
  }
  return true;
}

/* What nanovmm's machine has printed since is what the bare one has. */
static bool same_output(struct lockstep *l, bool last, const char *more)
{
  size_t bare_len, real_len;
  const uint8_t *bare = machine_console_output(l->bare, &bare_len);
  const uint8_t *real = machine_console_output(l->real, &real_len);
  size_t tail = strlen(more);
  size_t new = bare_len - l->shown;
  if (real_len != bare_len + tail ||
      (new > 0 && memcmp(bare + l->shown, real + l->shown, new) != 0)) {
    return differs(l, "%zu bytes of output bare, %zu virtual, or others", bare_len, real_len);
  }
  l->shown = bare_len;
  return !last || tail == 0 || memcmp(real + bare_len, more, tail) == 0 ||
         differs(l, "nanovmm says: %.*s", (int)tail, (const char *)real + bare_len);
}

static bool same_storage(struct lockstep *l)
{
  if (machine_watched_digest(l->bare, l->bare_watch) ==
      machine_watched_digest(l->real, l->real_watch)) {
    return true;
  }
  uint32_t at = 0, bare = 0, virtual = 0;
  for (; bare == virtual && at < machine_storage_size(l->bare); at += 4) {
    insist(machine_phys_read_word(l->bare, gpa(at), &bare), "bare storage");
    virtual = peek(l, l->at.storage + at);
  }
  return differs(l, "the word at %08x is %08x bare, %08x virtual", at - 4, bare, virtual);
}

static bool same_state(struct lockstep *l)
{
  l->compared++;
  return same_processor(l) && same_devices(l) && same_output(l, false, "") && same_storage(l);
}

static bool same_disks(struct lockstep *l)
{
  uint32_t sectors = machine_disk_sectors(l->bare);
  uint8_t real[MACHINE_SECTOR_SIZE], bare[MACHINE_SECTOR_SIZE];
  for (uint32_t i = 0; i < LOCKSTEP_BEFORE + sectors + LOCKSTEP_BEHIND; i++) {
    bool ours = i >= LOCKSTEP_BEFORE && i < LOCKSTEP_BEFORE + sectors;
    memset(bare, 0xa5, sizeof bare);
    insist(machine_disk_peek(l->real, i, real), "real disk");
    insist(!ours || machine_disk_peek(l->bare, i - LOCKSTEP_BEFORE, bare), "bare disk");
    if (memcmp(real, bare, sizeof real) != 0) {
      return differs(l, ours ? "sector %u differs" : "sector %u is nobody's and has changed", i);
    }
  }
  return true;
}

/* ------------------------------------------------------------------- running */

/* The bare machine to nanovmm's virtual tick. */
static bool catch_up(struct lockstep *l, uint64_t *tick)
{
  uint32_t now = (uint32_t)*tick;
  *tick += peek(l, l->at.vcr + 4 * CR_TICK) - now;
  struct machine_stop stop = machine_advance(l->bare, *tick);
  if (stop.why == MACHINE_WAITS) { /* what will be typed it does not know of: let it wait */
    machine_console_input(l->bare, *tick + 1, 0);
    stop = machine_advance(l->bare, *tick);
    machine_console_forget(l->bare);
  }
  return machine_tick(l->bare) == *tick ||
         differs(l, "bare it ends here (%d), virtual it goes on to tick %llu", (int)stop.why,
                 (unsigned long long)*tick);
}

/* Bytes that have come into nanovmm's ring arrive at the bare machine, now. */
static void hand_over_input(struct lockstep *l, uint64_t tick)
{
  for (; l->arrived != peek(l, l->at.ring_in); l->arrived++) {
    uint8_t byte = 0;
    uint32_t ring = l->at.ring_out + 4, size = l->at.disk_sector - ring;
    insist(machine_phys_read(l->real, gpa(ring + l->arrived % size), &byte, 1), "ring");
    machine_console_input(l->bare, tick, byte);
  }
}

#define DOUBLE_FAULT                                                                               \
  "nanovmm: the guest is stopped: double fault: the guest has no handler for a trap\n"

static bool same_end(struct lockstep *l, struct machine_stop real, uint64_t *tick, uint64_t ticks)
{
  uint32_t now = (uint32_t)*tick;
  *tick += peek(l, l->at.vcr + 4 * CR_TICK) - now;
  struct machine_stop bare = machine_advance(l->bare, *tick < ticks ? ticks : *tick + 1);
  bool faulted = bare.why == MACHINE_DOUBLE_FAULT;
  enum machine_why expected = faulted ? MACHINE_HALTED : bare.why;
  if (real.why == MACHINE_LIMIT) { /* the guest has had the processor for long, or never gets on */
    uint32_t had = (uint32_t)machine_tick(l->real) - peek(l, l->at.lent_at);
    return (bare.why == MACHINE_LIMIT && *tick + had >= ticks) ||
           differs(l, "ends (%d) bare, and virtual it does not get there", (int)bare.why);
  }
  if (real.why != expected || (bare.why != MACHINE_WAITS && machine_tick(l->bare) != *tick)) {
    return differs(l, "ends (%d) bare, (%d) at tick %llu virtual", (int)bare.why, (int)real.why,
                   (unsigned long long)*tick);
  }
  return same_output(l, true, faulted ? DOUBLE_FAULT : "");
}

bool lockstep_run(struct lockstep *l, uint64_t ticks)
{
  const uint32_t breaks[] = {l->at.lend, l->at.console_arrive};
  stop_at(l->real, breaks, 2);
  uint64_t tick = 0, last = machine_tick(l->real) + ticks * SLOWEST;
  bool agreed = true;
  while (agreed && tick < ticks) {
    struct machine_stop stop = machine_advance(l->real, last);
    if (stop.why == MACHINE_BREAK && psw_mode(machine_get_cr(l->real, CR_PSW)) != 0) {
      machine_stops_from(l->real, machine_tick(l->real) + 1); /* the guest's code has such a pc */
      continue;
    }
    hand_over_input(l, tick);
    if (stop.why != MACHINE_BREAK) {
      agreed = same_end(l, stop, &tick, ticks);
      break;
    }
    agreed = catch_up(l, &tick) && (stop.hit.id != 0 || same_state(l));
    machine_stops_from(l->real, machine_tick(l->real) + 1);
  }
  return agreed && same_disks(l) && (l->text == text_digest(l) || differs(l, "nanovmm's code"));
}
