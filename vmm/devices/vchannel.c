/* The virtual channel: the machine's own front end (machine/devices/channel.h), with the
 * programs that the chain module read and checked. Commands that move sectors are carried
 * out by the real channel, with the programs that the module translated: data go between
 * the real disk and the guest's storage, and no byte of them through the VMM.
 *
 * The virtual program ends at the tick at which a bare machine's would. Storage must not
 * change before, so the real one is started then, and the VM is frozen until it is done.
 *
 * A device obeys no relocation. So before a translated program is started it is looked at
 * once more: what leads out of the VM's storage or its mini-disks is a violation of
 * resource control by whoever wrote the module, and is not started.
 */
#include <stdlib.h>

#include "vmm/internal.h"

/* ----------------------------------------------------------- sio and tio */

/* A module may be anybody's: what is to be carried out must at least be a program. */
static bool is_program(const struct vm *vm, const struct channel_program *p, uint32_t caw)
{
  struct channel_collector c = {.program.unit = p->unit, .storage_size = UINT32_MAX};
  enum channel_verdict verdict = CHANNEL_GOES_ON;
  if (vm->vmm->modules->unguarded && p->count <= CHANNEL_MAX_CCWS) {
    return true;
  }
  if (p->unit != (caw & CHANNEL_UNIT_MASK) || p->count > CHANNEL_MAX_CCWS) {
    return false;
  }
  for (uint32_t i = 0; i < p->count && verdict == CHANNEL_GOES_ON; i++) {
    verdict = channel_collect(&c, p->step[i]);
  }
  return p->refused || (verdict == CHANNEL_COMPLETE && c.program.count == p->count);
}

static enum channel_condition start(struct vm *vm, uint64_t after, uint32_t caw)
{
  bool emulating = vm->emulating;
  vm->emulating = false; /* that a channel reads its program is no access of the guest's */
  struct channel_program p = vm->vmm->modules->chain->snapshot(vm->state.chain, &vm->env, caw);
  vm->emulating = emulating;
  if (!is_program(vm, &p, caw)) {
    vmm_lose_control(vm, "the chain module makes no program of what is at 0x%08x",
                     caw & ~CHANNEL_UNIT_MASK);
    return CHANNEL_BUSY;
  }
  channel_trace(&vm->machine, vm->cpu.tick, &p);
  return channel_start(vm->devices.channel, after, &p);
}

uint32_t vm_channel_start(struct vm *vm, uint64_t after, uint32_t caw)
{
  enum channel_condition condition = channel_ready(vm->devices.channel, caw);
  if (condition == CHANNEL_AVAILABLE) {
    condition = start(vm, after, caw);
  }
  vm_trace(vm, TRACE_CHANNEL, 0, caw, condition, 0);
  return condition;
}

uint32_t vm_channel_test(struct vm *vm, uint32_t operand)
{
  uint32_t answer = channel_test(vm->devices.channel, operand);
  vm_trace(vm, TRACE_CHANNEL, 1, operand, answer, 0);
  return answer;
}

/* -------------------------------------------------------- the real channel */

/* Lets real time pass until the real disk's program is done. `vm` stands still meanwhile.
 * False: it ended with a check. */
static bool finish(struct vm *vm)
{
  struct machine *real = vm->vmm->real;
  uint64_t before = machine_tick(real);
  uint32_t answer = machine_channel_test(real, CHANNEL_UNIT_DISK);
  machine_set_cr(real, CR_TIMER, 0); /* no one is running, and it would end the idling */
  while ((answer & 3u) == CHANNEL_BUSY && machine_next_event(real) != MACHINE_NEVER) {
    machine_idle(real, machine_next_event(real));
    machine_set_cr(real, CR_IPEND, 0); /* all lines are the VMM's, and nothing hangs on them */
    answer = machine_channel_test(real, CHANNEL_UNIT_DISK);
  }
  vm->stats.frozen += machine_tick(real) - before;
  return (answer & 3u) == CHANNEL_AVAILABLE;
}

/* Into the VMM's own storage; arguments of seeks behind the CCWs. */
static void put_chain(struct machine *real, const struct vmm_real_chain *c)
{
  uint32_t argument = CHAIN_START + CHANNEL_MAX_CCWS * CHANNEL_CCW_SIZE;
  for (unsigned i = 0; i < c->count; i++, argument += sizeof(uint32_t)) {
    const struct vmm_real_ccw *w = &c->ccw[i];
    uint32_t at = CHAIN_START + i * CHANNEL_CCW_SIZE;
    bool seek = w->command == CHANNEL_SEEK;
    machine_phys_write_word(real, gpa(at),
                            w->command | (uint32_t)w->flags << CHANNEL_FLAGS_SHIFT |
                                (uint32_t)w->count << CHANNEL_COUNT_SHIFT);
    machine_phys_write_word(real, gpa(at + sizeof(uint32_t)), seek ? argument : w->address.v);
    machine_phys_write_word(real, gpa(argument), w->argument);
  }
}

static bool run_real(struct vm *vm, const struct vmm_real_chain *c)
{
  struct machine *real = vm->vmm->real;
  vdisk_seize(vm);
  put_chain(real, c);
  uint32_t condition = machine_channel_start(real, CHAIN_START | CHANNEL_UNIT_DISK);
  if (condition == CHANNEL_BUSY) { /* by a guest that can start programs itself */
    finish(vm);
    condition = machine_channel_start(real, CHAIN_START | CHANNEL_UNIT_DISK);
  }
  return condition == CHANNEL_AVAILABLE && finish(vm);
}

/* ------------------------------------------------------ a second look at it */

static bool is_own_sectors(const struct vm *vm, uint32_t first, uint32_t count, bool write)
{
  for (unsigned i = 0; i < vm->vdisk.extent_count; i++) {
    const struct vmm_extent *e = &vm->vdisk.extents[i];
    if (range_contains(e->first, e->sectors, first, count) && !(write && e->readonly)) {
      return true;
    }
  }
  return false;
}

/* Commands are seeks and what follows them, with nothing left open at the end. */
static bool stays_inside(const struct vm *vm, const struct vmm_real_chain *c)
{
  uint32_t first = 0, bytes = 0;
  for (unsigned i = 0; i < c->count; i++) {
    const struct vmm_real_ccw *w = &c->ccw[i];
    if (w->command == CHANNEL_SEEK) {
      first = w->argument;
      bytes = 0;
      continue;
    }
    bytes += w->count;
    if (!range_contains(vm->storage.start.v, vm->storage.size, w->address.v, w->count) ||
        !is_own_sectors(vm, first, (bytes + MACHINE_SECTOR_SIZE - 1) / MACHINE_SECTOR_SIZE,
                        w->command == CHANNEL_WRITE)) {
      return false;
    }
  }
  return true;
}

/* ------------------------------------------------------------- transfers */

/* To a debugger the real channel's stores are the virtual one's. */
static void note_stores(struct vm *vm, const struct channel_transfer *t, const uint8_t *before,
                        const uint8_t *after)
{
  for (unsigned i = 0; i < t->count; i++) {
    stops_transfer(&vm->stops, t->piece[i].address, before, after, t->piece[i].len);
    before += t->piece[i].len;
    after += t->piece[i].len;
  }
}

/* Sectors of an overlay, which is no part of the real machine; and of storage that is not
 * where the chain module could know, in one piece. */
static uint32_t by_hand(struct vm *vm, const struct channel_transfer *t, uint32_t done,
                        uint32_t count)
{
  uint8_t buf[MACHINE_SECTOR_SIZE];
  uint32_t n = 0;
  for (; n < count; n++) {
    uint32_t sector = t->sector + done + n, from = (done + n) * MACHINE_SECTOR_SIZE;
    bool ok = t->write ? channel_gather(t, &vdisk_ops, vm, from, buf, sizeof buf) &&
                             vdisk_ops.write(vm, sector, 1, buf) == 1
                       : vdisk_ops.read(vm, sector, 1, buf) == 1 &&
                             channel_scatter(t, &vdisk_ops, vm, from, buf, sizeof buf);
    if (!ok) {
      break;
    }
  }
  return n;
}

static void announce(struct vm *vm, const struct channel_transfer *t,
                     void (*tell)(struct vm *vm, gpa_t at, uint32_t len))
{
  for (unsigned i = 0; !t->write && i < t->count; i++) {
    tell(vm, gpa(t->piece[i].address), t->piece[i].len);
  }
}

static uint32_t do_transfer(struct vm *vm, const struct channel_transfer *t)
{
  uint32_t done = 0, n = 1;
  if (pmap_is_scattered(vm)) {
    return by_hand(vm, t, 0, t->sectors);
  }
  while (done < t->sectors && n > 0 && vm->fate == MACHINE_LIMIT) {
    struct vmm_real_chain c =
        vm->vmm->modules->chain->translate(vm->state.chain, &vm->env, *t, done);
    n = c.sectors < t->sectors - done ? c.sectors : t->sectors - done;
    if (c.kind == VMM_CHAIN_OVERLAY) {
      n = by_hand(vm, t, done, n);
    } else if (c.kind == VMM_CHAIN_REFUSED || c.count > CHANNEL_MAX_CCWS) {
      n = 0;
    } else if (!vm->vmm->modules->unguarded && !stays_inside(vm, &c)) {
      vmm_lose_control(vm, "a translated channel program leads out of the virtual machine's "
                           "storage or mini-disks");
      n = 0;
    } else {
      n = run_real(vm, &c) ? n : 0;
    }
    done += n;
  }
  return done;
}

/* The real channel's stores are not seen one by one. */
static uint32_t transfer(struct vm *vm, const struct channel_transfer *t)
{
  announce(vm, t, memory_writing);
  uint32_t done = do_transfer(vm, t);
  announce(vm, t, memory_written);
  return done;
}

uint32_t vchannel_transfer(void *ctx, const struct channel_transfer *t)
{
  struct vm *vm = ctx;
  vm_touch(vm);
  if (vm->stops.watch_count == 0 || t->write) {
    return transfer(vm, t);
  }
  /* The real machine must not report them as well. */
  if (vm->vmm->stopper) {
    machine_set_stops(vm->vmm->real, NULL);
    vm->vmm->stopper = NULL;
  }
  uint32_t len = t->sectors * MACHINE_SECTOR_SIZE;
  uint8_t *before = malloc(2u * len);
  bool known = before && channel_gather(t, &vdisk_ops, vm, 0, before, len);
  unsigned queued = vm->stops.queued;
  uint32_t done = transfer(vm, t);
  vm->stops.queued = queued; /* of an overlay's sectors: they come with the others */
  if (known && channel_gather(t, &vdisk_ops, vm, 0, before + len, len)) {
    note_stores(vm, t, before, before + len);
  }
  free(before);
  return done;
}
