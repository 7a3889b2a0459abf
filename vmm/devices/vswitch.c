/* The virtual network device, and the switches between the VMs of one VMM. A frame that a
 * VM has sent is at once at those whom it may reach: the switch has no clock of its own and
 * no memory but for what each station has to its credit.
 *
 * To the sender it makes no difference what becomes of a frame, as on any network: what a VM
 * can see of its own sending is the same as on a bare machine. What arrives is recorded by
 * the VM's own clock (machine_net_on_frame), and a bare machine that is given the same frames
 * at the same ticks does the same.
 *
 * Floods. A frame costs its sender VMM_FRAME_TICKS of its own time, of which it can save
 * VMM_FRAME_BURST frames' worth. A VM that waits for answers never runs out; one that floods
 * sends no more than its own clock earns, and all clocks that run go as fast together
 * as the real one. And of a receiver's queue each of those who may fill it has an equal
 * part, so that nobody's frames are dropped because another's are there.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

/* ------------------------------------------------------------------ who may talk to whom */

static bool names(const struct station *s, uint32_t address)
{
  for (unsigned i = 0; i < s->peer_count; i++) {
    if (s->peers[i] == address) {
      return true;
    }
  }
  return s->peer_count == 0;
}

static bool on_one_switch(const struct vm *a, const struct vm *b)
{
  return a != b && a->station.address != 0 && b->station.address != 0 &&
         a->station.network == b->station.network;
}

static bool may_talk(const struct vm *a, const struct vm *b)
{
  return on_one_switch(a, b) && names(&a->station, b->station.address) &&
         names(&b->station, a->station.address);
}

/* ------------------------------------------------------------------------ stations */

const char *station_take(struct vm *vm, const struct vmm_station *wanted)
{
  struct station *s = &vm->station;
  if (!wanted) {
    return NULL;
  }
  if (wanted->address == 0 || wanted->address == MACHINE_BROADCAST) {
    return "a station's address on the network is none of 0 and 0xffffffff";
  }
  for (const struct vm *other = vm->vmm->vms; other; other = other->next) {
    if (other->station.address == wanted->address && other->station.network == wanted->network) {
      return "another virtual machine has this address on the network";
    }
  }
  s->peers = reallocarray(NULL, wanted->peer_count + 1u, sizeof *s->peers);
  if (!s->peers) {
    return "no memory for a virtual machine";
  }
  if (wanted->peer_count > 0) {
    memcpy(s->peers, wanted->peers, wanted->peer_count * sizeof *s->peers);
  }
  s->address = wanted->address;
  s->network = wanted->network;
  s->peer_count = wanted->peer_count;
  s->credit = VMM_FRAME_BURST * VMM_FRAME_TICKS;
  return NULL;
}

static void count_talkers(struct vm *vm, unsigned difference)
{
  for (struct vm *other = vm->vmm->vms; other; other = other->next) {
    if (may_talk(vm, other)) {
      vm->station.talkers += difference;
      other->station.talkers += difference;
    }
  }
}

void station_join(struct vm *vm)
{
  count_talkers(vm, 1);
}

void station_leave(struct vm *vm)
{
  count_talkers(vm, -1u);
}

/* -------------------------------------------------------------------------- switching */

/* Time goes back where a snapshot is restored: nothing is earned then. */
static bool pays(struct vm *vm)
{
  const uint64_t most = VMM_FRAME_BURST * VMM_FRAME_TICKS;
  struct station *s = &vm->station;
  uint64_t earned = vm->cpu.tick > s->paid_at ? vm->cpu.tick - s->paid_at : 0;
  s->credit = earned < most - s->credit ? s->credit + earned : most;
  s->paid_at = vm->cpu.tick;
  if (s->credit < VMM_FRAME_TICKS) {
    return false;
  }
  s->credit -= VMM_FRAME_TICKS;
  return true;
}

/* Of the receiver's queue. */
static unsigned part(const struct vm *to)
{
  unsigned talkers = to->station.talkers;
  return talkers < NET_QUEUE ? NET_QUEUE / (talkers ? talkers : 1) : 1;
}

/* One that has stopped for good changes no more. */
static bool is_off(const struct vm *vm)
{
  return vm->cpu.run_state == MACHINE_STOPPED || vm->cpu.double_faulted ||
         vm->fate != MACHINE_LIMIT;
}

static void deliver(struct vm *from, struct vm *to, const uint8_t *frame, uint32_t len)
{
  struct vmm_network *count = &from->station.counts;
  if (is_off(to)) {
    count->nobody++;
    return;
  }
  vm_catch_up(to);
  if (net_queued(to->devices.net, from->station.address) >= part(to)) {
    count->crowded++;
    return;
  }
  if (net_arrive(to->devices.net, frame, len)) {
    vcpu_raise(to, CAUSE_NETWORK);
    count->passed++;
  } else {
    count->crowded++;
  }
  vm_wake(to);
}

static void send_to_one(struct vm *from, uint32_t address, const uint8_t *frame, uint32_t len)
{
  for (struct vm *to = from->vmm->vms; to; to = to->next) {
    if (to->station.address != address || !on_one_switch(from, to)) {
      continue;
    }
    if (may_talk(from, to)) {
      deliver(from, to, frame, len);
    } else {
      from->station.counts.forbidden++;
    }
    return;
  }
  from->station.counts.nobody++;
}

static void send_to_all(struct vm *from, const uint8_t *frame, uint32_t len)
{
  for (struct vm *to = from->vmm->vms; to; to = to->next) {
    if (may_talk(from, to)) {
      deliver(from, to, frame, len);
    }
  }
}

/* Who it says it is from is checked first: a filter that goes by names is worth no more
 * than the names. */
static void send(struct vm *from, const uint8_t *frame, uint32_t len)
{
  struct vmm_network *count = &from->station.counts;
  uint32_t to = net_frame_to(frame);
  count->sent++;
  if (net_frame_from(frame) != from->station.address) {
    count->forged++;
  } else if (!pays(from)) {
    count->flooded++;
  } else if (to == MACHINE_BROADCAST) {
    send_to_all(from, frame, len);
  } else {
    send_to_one(from, to, frame, len);
  }
}

/* What the front end has to say. It has done what it does, and the VM's clock stands. */
static void passed(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct vm *vm = ctx;
  trace_emit_frame(&vm->machine, vm->cpu.tick, way, frame, len);
  if (vm->on_frame) {
    vm->on_frame(vm->on_frame_ctx, way, frame, len);
  }
  if (way == MACHINE_FRAME_SENT) {
    send(vm, frame, len);
  }
}

const struct net_ops vnet_ops = {
    .storage_size = vdma_size,
    .dma_read = vdma_read,
    .dma_write = vdma_write,
    .frame = passed,
};

struct vmm_network vmm_vm_network(struct machine *m)
{
  struct vm *vm = vm_of(m);
  struct vmm_network counts = vm->station.counts;
  struct machine_net device = net_state(vm->devices.net);
  counts.received = device.received;
  counts.dropped = device.dropped;
  return counts;
}
