/* What a module sees of a virtual machine: struct vmm_env over struct vm. The
 * only place where modules and the VMM's own data meet.
 */
#include "vmm/internal.h"

static uint32_t get_reg(void *ctx, unsigned reg)
{
  return reg < ISA_REG_COUNT ? vcpu_get_reg(ctx, reg) : 0;
}

static void set_reg(void *ctx, unsigned reg, uint32_t value)
{
  if (reg < ISA_REG_COUNT) {
    vcpu_set_reg(ctx, reg, value);
  }
}

static uint32_t get_pc(void *ctx)
{
  return vcpu_get_pc(ctx);
}

static void set_pc(void *ctx, uint32_t pc)
{
  vcpu_set_pc(ctx, pc);
}

_Static_assert(ISA_CR_COUNT <= 64, "a bit for each control register");

static bool has_cr(const struct vm *vm, enum isa_cr cr)
{
  return (unsigned)cr < ISA_CR_COUNT && vm->crs >> cr & 1;
}

static uint32_t get_cr(void *ctx, enum isa_cr cr)
{
  const struct vm *vm = ctx;
  if ((unsigned)cr < ISA_CR_COUNT && vm->kept_crs >> cr & 1) {
    return vm->cpu.cr[cr];
  }
  return has_cr(ctx, cr) ? vcpu_get_cr(ctx, cr) : 0;
}

/* The emulated instruction completes one tick after the boundary at which it
 * trapped: that is when a timer that it sets begins, and a device command. */
static uint64_t after(const struct vm *vm)
{
  return vm->cpu.tick + 1;
}

static void set_cr(void *ctx, enum isa_cr cr, uint32_t value)
{
  struct vm *vm = ctx;
  if ((unsigned)cr < ISA_CR_COUNT && vm->plain_crs >> cr & 1) {
    uint32_t mask = vm->cr_mask[cr];
    vm->cpu.cr[cr] = (vm->cpu.cr[cr] & ~mask) | (value & mask);
    vm->cr_writes++;
  } else if (has_cr(vm, cr)) {
    vcpu_set_cr(vm, cr, value, after(vm));
  }
}

static void wait_for_interrupt(void *ctx)
{
  struct vm *vm = ctx;
  vm->cpu.run_state = MACHINE_WAITING;
}

static void halt(void *ctx)
{
  struct vm *vm = ctx;
  vm->cpu.run_state = MACHINE_STOPPED;
}

static uint64_t tick(void *ctx)
{
  const struct vm *vm = ctx;
  return vm->cpu.tick;
}

static bool hypercalls(void *ctx)
{
  const struct vm *vm = ctx;
  return vm->state.paravirt != NULL || vm->hints;
}

static void yield(void *ctx)
{
  struct vm *vm = ctx;
  struct processor *p = &vm->vmm->processor;
  uint64_t now = processor_clock(vm->vmm);
  if (p->running && p->current == vm && now < p->end) {
    p->yielded = p->end - now;
    p->end = now;
  }
}

static void leave(void *ctx, uint32_t status)
{
  struct vm *vm = ctx;
  halt(ctx);
  vm->stats.exit_status = status;
}

static mpa_range_t allocation(void *ctx)
{
  const struct vm *vm = ctx;
  return vm->storage;
}

static struct translation translate(void *ctx, gva_t va, uint32_t size, enum machine_access access,
                                    bool te, unsigned mode)
{
  struct vm *vm = ctx;
  return vm->memory->translate
             ? vm->memory->translate(vm->state.memory, &vm->env, va, size, access, te, mode)
             : vmmu_translate(vm, va, size, access, te, mode);
}

static void commit(void *ctx, struct translation t)
{
  memory_commit(ctx, t);
}

static void tlb_write(void *ctx)
{
  vtlb_write(ctx);
}

static uint32_t tlb_probe(void *ctx, uint32_t hi)
{
  return vtlb_probe(ctx, hi);
}

static void tlb_invalidate(void *ctx, uint32_t va, uint32_t space)
{
  vtlb_invalidate(ctx, va, space);
}

static struct vmm_tlb_entry tlb_get(void *ctx, unsigned index)
{
  return vtlb_get(ctx, index);
}

static struct vmm_frame frame(void *ctx, gpa_t at, bool for_stores)
{
  return memory_frame(ctx, at, for_stores);
}

static struct vmm_frame table_take(void *ctx, enum vmm_table kind)
{
  return kind == VMM_TABLE_DIRECTORY || kind == VMM_TABLE_LEAF ? memory_take_table(ctx, kind)
                                                               : (struct vmm_frame){.ok = false};
}

static bool table_give(void *ctx, mpa_t at)
{
  return memory_give_table(ctx, at);
}

static struct vmm_word table_load(void *ctx, mpa_t at)
{
  return memory_load_table(ctx, at);
}

static bool table_store(void *ctx, mpa_t at, uint32_t word)
{
  return memory_store_table(ctx, at, word);
}

static uint32_t real_space(void *ctx, uint32_t id)
{
  return rtlb_space(ctx, id);
}

static bool real_fill(void *ctx, uint32_t id, gva_t va, gpa_t at, uint32_t rights, bool for_stores)
{
  return rtlb_fill(ctx, id, va, at, rights, for_stores);
}

static void real_drop(void *ctx, gva_t va, uint32_t mask, uint32_t id)
{
  rtlb_drop(ctx, va, mask, id);
}

static void real_forget(void *ctx, gpa_t at)
{
  rtlb_forget_page(ctx, at);
}

static void trace(void *ctx, gpa_t at, bool on)
{
  memory_trace(ctx, TRACE_BY_MEMORY, at, on);
}

static bool traced(void *ctx, gpa_t at)
{
  return memory_is_traced(ctx, at);
}

static void count(void *ctx, enum vmm_memory_event event)
{
  struct vmm_stats *stats = &((struct vm *)ctx)->stats;
  stats->fills += event == VMM_MEMORY_FILL;
  stats->spaces_made += event == VMM_MEMORY_MAKE;
  stats->spaces_evicted += event == VMM_MEMORY_EVICT;
  stats->second_hits += event == VMM_MEMORY_BEHIND;
}

static struct vmm_word load(void *ctx, gpa_t at)
{
  struct vm *vm = ctx;
  struct vmm_word word = {.ok = false};
  word.ok = pmap_read(vm, at, &word.word, sizeof word.word);
  if (word.ok && vm->stops.watch_count > 0) {
    vm_note_load(vm, at, sizeof word.word, word.word);
  }
  return word;
}

static bool store(void *ctx, gpa_t at, uint32_t word)
{
  struct vm *vm = ctx;
  if (vm->stops.watch_count > 0) {
    vm_note_store(vm, at, sizeof word, word);
  }
  return vm_ops.phys_write(&vm->machine, at, &word, sizeof word);
}

static bool is_size(uint32_t size)
{
  return size == 1 || size == 2 || size == 4;
}

static struct vmm_word read_part(void *ctx, gpa_t at, uint32_t size, enum machine_access access)
{
  struct vm *vm = ctx;
  struct vmm_word word = {.ok = false};
  word.ok = is_size(size) && pmap_read(vm, at, &word.word, size);
  if (word.ok && access != MACHINE_FETCH && vm->stops.watch_count > 0) {
    vm_note_load(vm, at, size, word.word);
  }
  return word;
}

static bool write_part(void *ctx, gpa_t at, uint32_t size, uint32_t value)
{
  struct vm *vm = ctx;
  if (is_size(size) && vm->stops.watch_count > 0) {
    vm_note_store(vm, at, size, value);
  }
  return is_size(size) && vm_ops.phys_write(&vm->machine, at, &value, size);
}

static struct vmm_key key_get(void *ctx, gpa_t at)
{
  struct vm *vm = ctx;
  struct vmm_key key = {.ok = false};
  key.ok = vm_ops.key_get(&vm->machine, at, &key.key);
  return key;
}

static bool key_set(void *ctx, gpa_t at, uint8_t key)
{
  struct vm *vm = ctx;
  return vm_ops.key_set(&vm->machine, at, key);
}

static bool port_exists(void *ctx, uint32_t port)
{
  (void)ctx;
  return devices_port_exists(port);
}

static bool device_at(void *ctx, uint64_t at, uint32_t size)
{
  const struct vm *vm = ctx;
  return (profile_features(vm->machine.profile) & ISA_FEATURE_IO_MMIO) && devices_at(at, size);
}

static uint32_t port_at(void *ctx, gpa_t at)
{
  (void)ctx;
  return devices_port_at(at.v);
}

static uint32_t port_in(void *ctx, uint32_t port)
{
  uint32_t value = 0;
  ((struct vm *)ctx)->used_device = true;
  vm_port_in(ctx, after(ctx), port, &value);
  vm_note_port(ctx, MACHINE_EVENT_IN, port, value);
  return value;
}

static void port_out(void *ctx, uint32_t port, uint32_t value)
{
  ((struct vm *)ctx)->used_device = true;
  vm_port_out(ctx, after(ctx), port, value);
  vm_note_port(ctx, MACHINE_EVENT_OUT, port, value);
}

static uint32_t start_channel(void *ctx, uint32_t caw)
{
  uint32_t answer = vm_channel_start(ctx, after(ctx), caw);
  vm_note_port(ctx, MACHINE_EVENT_SIO, caw, answer);
  return answer;
}

static uint32_t test_channel(void *ctx, uint32_t operand)
{
  uint32_t answer = vm_channel_test(ctx, operand);
  vm_note_port(ctx, MACHINE_EVENT_TIO, operand, answer);
  return answer;
}

static struct vmm_place disk_place(void *ctx, uint32_t sector, uint32_t count, bool write)
{
  return vdisk_place(ctx, sector, count, write);
}

__attribute__((noinline, cold)) struct vmm_insn
vm_decode_anew(const struct vm *vm, struct decoded_word *d, uint32_t word)
{
  *d = (struct decoded_word){.word = word};
  d->insn.legal = profile_decode(vm->machine.profile, word, &d->insn.decoded);
  return d->insn;
}

static struct vmm_insn decode(void *ctx, uint32_t word)
{
  return vm_decode(ctx, word);
}

static enum profile_behaviour_kind behaviour(void *ctx, enum isa_insn insn, unsigned mode)
{
  const struct vm *vm = ctx;
  return vm->behaviours[mode != 0][insn].kind;
}

static struct vmm_behaviour behaviour_of(void *ctx, enum isa_insn insn, unsigned mode)
{
  const struct vm *vm = ctx;
  const struct profile_behaviour *b = profile_behaviour(vm->machine.profile, insn, mode);
  return (struct vmm_behaviour){b->kind, b->body};
}

static unsigned user_mode(void *ctx)
{
  const struct vm *vm = ctx;
  return profile_user_mode(vm->machine.profile);
}

static uint32_t features(void *ctx)
{
  const struct vm *vm = ctx;
  return profile_features(vm->machine.profile);
}

/* Of the profile, what is asked of it all the time. */
static void learn_profile(struct vm *vm)
{
  static const uint64_t derived = (uint64_t)1 << CR_TIMER | (uint64_t)1 << CR_TICK;
  static const uint64_t steering = (uint64_t)1 << CR_PSW | (uint64_t)1 << CR_BASE |
                                   (uint64_t)1 << CR_BOUND | (uint64_t)1 << CR_PTBR |
                                   (uint64_t)1 << CR_ASID;
  const struct profile *p = vm->machine.profile;
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    const struct isa_cr_info *info = isa_cr_info((enum isa_cr)cr);
    uint64_t there = profile_has_cr(p, (enum isa_cr)cr);
    vm->crs |= there << cr;
    vm->plain_crs |= (uint64_t)(there && !info->is_psw) << cr;
    vm->cr_mask[cr] = info->write_mask;
  }
  vm->kept_crs = vm->crs & ~derived;
  vm->plain_crs &= vm->memory->changed ? 0 : ~(derived | steering);
  vm->modes = profile_modes(p);
  vm->behaviours[0] = profile_behaviour(p, (enum isa_insn)0, 0);
  vm->behaviours[1] = profile_behaviour(p, (enum isa_insn)0, 1);
}

struct vmm_env env_make(struct vm *vm)
{
  learn_profile(vm);
  return (struct vmm_env){
      .ctx = vm,
      .get_reg = get_reg,
      .set_reg = set_reg,
      .get_pc = get_pc,
      .set_pc = set_pc,
      .get_cr = get_cr,
      .set_cr = set_cr,
      .wait = wait_for_interrupt,
      .halt = halt,
      .tick = tick,
      .hypercalls = hypercalls,
      .yield = yield,
      .exit = leave,
      .allocation = allocation,
      .translate = translate,
      .commit = commit,
      .load = load,
      .store = store,
      .read = read_part,
      .write = write_part,
      .key_get = key_get,
      .key_set = key_set,
      .tlb_write = tlb_write,
      .tlb_probe = tlb_probe,
      .tlb_invalidate = tlb_invalidate,
      .tlb_get = tlb_get,
      .frame = frame,
      .table_take = table_take,
      .table_give = table_give,
      .table_load = table_load,
      .table_store = table_store,
      .real_space = real_space,
      .real_fill = real_fill,
      .real_drop = real_drop,
      .real_forget = real_forget,
      .trace = trace,
      .traced = traced,
      .count = count,
      .port_exists = port_exists,
      .device_at = device_at,
      .port_at = port_at,
      .port_in = port_in,
      .port_out = port_out,
      .channel_start = start_channel,
      .channel_test = test_channel,
      .disk_place = disk_place,
      .decode = decode,
      .behaviour = behaviour,
      .behaviour_of = behaviour_of,
      .user_mode = user_mode,
      .features = features,
  };
}
