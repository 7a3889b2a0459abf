/* The virtual processor and the world switch.
 *
 * The VM map of Popek and Goldberg: a virtual machine in state (e, m, p, r) is a
 * real one in state (e', u, p, r'): same registers, same pc, the least privileged
 * mode whatever the virtual mode, and the composed relocation. What has no place
 * in the real machine (virtual mode, control registers) is kept here.
 */
#include <string.h>

#include "vmm/world.h"

/* What the real PSW and map follow from: neither from the virtual IE nor the previous mode. */
#define MAP_PSW_MASK (PSW_ALL_MASK & ~(PSW_IE_MASK | PSW_PMODE_MASK))

static bool is_loaded(const struct vm *vm)
{
  return vm->vmm->loaded == vm;
}

/* Real mode u in every virtual mode, or for a guest's kernel the one above it where the profile
 * has a middle one: neither is privileged, which is what makes every privileged
 * instruction trap. IE and TE are the VMM's: the guest runs relocated and can be
 * interrupted whatever its own PSW says. */
static void learn_real_psw(struct vm *vm)
{
  const struct profile *p = vm->machine.profile;
  for (unsigned mode = 0; mode < sizeof vm->real_psw / sizeof *vm->real_psw; mode++) {
    uint32_t psw = psw_set_mode(0, profile_guest_mode(p, mode));
    psw = psw_set_pmode(psw, profile_user_mode(p));
    psw = psw_set_ie(psw, 1);
    vm->real_psw[mode] = psw_set_te(psw, 1);
  }
}

void vcpu_reset(struct vm *vm)
{
  learn_real_psw(vm);
  memset(&vm->cpu, 0, sizeof vm->cpu);
  vm->cpu.pc = ISA_RESET_PC;
  vm->cpu.cr[CR_IMASK] = isa_cr_info(CR_IMASK)->write_mask;
  vm->cpu.cr[CR_CPUID] = machine_get_cr(vm->vmm->real, CR_CPUID);
  vm->cpu.map_stale = true;
  vcpu_find(vm);
  /* Registers and pc are elsewhere while it is loaded. Who knows of the VMM has another PSW. */
  bool psw = vm->technique != VMM_TECHNIQUE_PARAVIRT;
  vm->machine.live = (struct machine_live){.psw = psw ? &vm->cpu.cr[CR_PSW] : NULL,
                                           .tick = &vm->cpu.tick,
                                           .cr_writes = psw ? &vm->cr_writes : NULL};
}

void vcpu_find(struct vm *vm)
{
  const struct machine_live *live = &vm->vmm->real->live;
  vm->at.regs = is_loaded(vm) ? live->regs : vm->cpu.regs;
  /* In the translation cache the real pc is none of the guest's. */
  vm->at.pc = !is_loaded(vm) ? &vm->cpu.pc : vm->cache ? NULL : live->pc;
}

void vcpu_get_regs(struct vm *vm, uint32_t *regs)
{
  if (is_loaded(vm)) {
    machine_get_regs(vm->vmm->real, regs);
  } else {
    memcpy(regs, vm->cpu.regs, sizeof vm->cpu.regs);
  }
}

void vcpu_set_regs(struct vm *vm, const uint32_t *regs)
{
  if (is_loaded(vm)) {
    machine_set_regs(vm->vmm->real, regs);
  } else {
    memcpy(vm->cpu.regs + 1, regs + 1, sizeof vm->cpu.regs - sizeof *regs);
  }
}

uint32_t vcpu_ask_pc(struct vm *vm)
{
  uint32_t pc = machine_get_pc(vm->vmm->real);
  return vm->cache ? translate_pc(vm, pc) : pc;
}

void vcpu_tell_pc(struct vm *vm, uint32_t pc)
{
  if (vm->cache && translate_inside(vm)) {
    vcpu_settle(vm->vmm);
  }
  if (is_loaded(vm)) {
    machine_set_pc(vm->vmm->real, pc);
  } else {
    vm->cpu.pc = pc;
  }
}

uint32_t vcpu_get_cr(struct vm *vm, enum isa_cr cr)
{
  switch (cr) {
  case CR_TICK:
    return (uint32_t)vm->cpu.tick;
  case CR_TIMER:
    return vm_timer_left(vm);
  default:
    return vm->cpu.cr[cr];
  }
}

void vcpu_get_crs(struct vm *vm, uint32_t *crs)
{
  memcpy(crs, vm->cpu.cr, sizeof vm->cpu.cr);
  crs[CR_TICK] = vcpu_get_cr(vm, CR_TICK);
  crs[CR_TIMER] = vcpu_get_cr(vm, CR_TIMER);
}

void vcpu_set_cr(struct vm *vm, enum isa_cr cr, uint32_t value, uint64_t now)
{
  vm->cr_writes += cr != CR_PSW;
  if (cr == CR_TIMER) {
    vm_timer_set(vm, now, value);
    return;
  }
  uint32_t *field = &vm->cpu.cr[cr], was = *field;
  bool legal = cr == CR_PSW && psw_mode(value) < vm->modes && psw_pmode(value) < vm->modes;
  *field = legal ? value & PSW_ALL_MASK : profile_cr_write(vm->machine.profile, cr, *field, value);
  bool steers = cr == CR_PSW && ((*field ^ was) & MAP_PSW_MASK) != 0;
  if (steers || cr == CR_BASE || cr == CR_BOUND || cr == CR_PTBR || cr == CR_ASID) {
    vm->cpu.map_stale = true;
  }
  if (*field != was && vm->memory->changed) {
    vm->memory->changed(vm->state.memory, &vm->env, cr);
  }
}

void vcpu_raise(struct vm *vm, enum isa_cause cause)
{
  vm->cpu.cr[CR_IPEND] |= 1u << isa_cause_info(cause)->line;
  vm_trace(vm, TRACE_DEVICE, cause, 0, 0, 0);
}

/* --------------------------------------------------------- the world switch */

static void save(struct vm *vm)
{
  translate_leave(vm);
  machine_get_regs(vm->vmm->real, vm->cpu.regs);
  vm->cpu.pc = machine_get_pc(vm->vmm->real);
}

static void load(struct vm *vm)
{
  machine_set_regs(vm->vmm->real, vm->cpu.regs);
  machine_set_pc(vm->vmm->real, vm->cpu.pc);
  vm->cpu.map_stale = true;
}

/* Writing the real map may cost the engine its caches, so only differences are
 * written. */
static void write_difference(struct machine *real, enum isa_cr cr, uint32_t *known, uint32_t value)
{
  if (*known != value) {
    machine_set_cr(real, cr, value);
    *known = value;
  }
}

static uint32_t real_psw(const struct vm *vm)
{
  uint32_t virtual = vm->cpu.cr[CR_PSW];
  uint32_t psw = vm->real_psw[psw_mode(virtual)] | (virtual & PSW_GUEST_MASK);
  return psw_set_key(psw, psw_key(virtual));
}

/* While nobody else has written to the real machine, the VMM's own writes are none that it would
 * have to look for. */
static void write_map(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  const struct machine_live *live = &vmm->real->live;
  bool untouched = live->cr_writes && *live->cr_writes == vmm->world.cr_writes;
  struct vmm_real_map map = vm->memory->compose(vm->state.memory, &vm->env);
  bool allowed = memory_may_use(vm, map);
  if (allowed && translate_applies(vm)) {
    map.ptbr = translate_directory(vm, map.ptbr);
    allowed = memory_may_use(vm, map);
  }
  if (!allowed) {
    vmm_lose_control(vm,
                     "the memory module would have the real machine use the page at 0x%08x as "
                     "a directory, which it is not",
                     map.ptbr);
    return;
  }
  if (vmm->world.base != map.base || vmm->world.bound != map.bound) {
    vm_trace(vm, TRACE_MAP, map.base, map.bound, vm->cpu.cr[CR_BASE], vm->cpu.cr[CR_BOUND]);
  }
  write_difference(vmm->real, CR_BASE, &vmm->world.base, map.base);
  write_difference(vmm->real, CR_BOUND, &vmm->world.bound, map.bound);
  write_difference(vmm->real, CR_PTBR, &vmm->world.ptbr, map.ptbr);
  write_difference(vmm->real, CR_ASID, &vmm->world.asid, map.asid);
  write_difference(vmm->real, CR_NPTBR, &vmm->world.nptbr, map.nptbr);
  uint32_t psw = real_psw(vm);
  if (map.nptbr & NPTBR_ON) {
    psw = psw_set_te(psw, psw_te(vm->cpu.cr[CR_PSW]));
  }
  if (!live->psw || *live->psw != psw) {
    machine_set_cr(vmm->real, CR_PSW, psw);
  }
  vmm->world.psw = psw & ~PSW_GUEST_MASK;
  if (untouched) {
    vmm->world.cr_writes = *live->cr_writes;
  }
  vm->cpu.map_stale = false;
}

bool world_map(struct vm *vm)
{
  if (is_loaded(vm) && !vm->cache) {
    write_map(vm);
  }
  return vm->fate == MACHINE_LIMIT;
}

void vcpu_forget(struct vm *vm)
{
  if (vm->vmm->world.lent == vm) {
    vm->vmm->world.lent = NULL;
  }
  if (is_loaded(vm)) {
    save(vm);
    vm->vmm->loaded = NULL;
    vm->vmm->world.borrower = NULL;
    vcpu_find(vm);
  }
}

static void switch_to(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  struct vm *before = vmm->loaded;
  if (before) {
    save(before);
  }
  load(vm);
  vmm->loaded = vm;
  vcpu_find(vm);
  if (before) {
    vcpu_find(before);
  }
  vm->stats.world_switches++;
  if (vm->memory->enter) {
    vm->memory->enter(vm->state.memory, &vm->env);
  }
}

void world_enter(struct vm *vm, uint32_t ticks)
{
  struct vmm *vmm = vm->vmm;
  struct world *w = &vmm->world;
  if (!is_loaded(vm)) {
    switch_to(vm);
  }
  if (vm->cpu.map_stale) {
    write_map(vm);
  }
  if (vm->cache && translate_applies(vm)) {
    translate_enter(vm);
  }
  /* TIMER = 0 is no timer at all: there is no lending without a term. */
  w->timer = ticks == 0 ? 1 : ticks;
  machine_set_cr(vmm->real, CR_TIMER, w->timer);
  const struct machine_live *live = &vmm->real->live;
  w->cr_writes = live->cr_writes ? *live->cr_writes : 0;
  w->entered = *live->tick;
  w->charged = w->entered;
  w->lent = vm;
  w->borrower = vm->cache ? NULL : vm;
  w->until = vm->cpu.tick + w->timer;
  world_trace_in(vm);
}

/* -------------------------------------------- resource control, on the way out */

/* Fields of the real PSW that only the VMM may change. */
static const struct {
  const char *name;
  uint32_t mask;
  int shift;
} psw_fields[] = {
    {"PSW.mode", PSW_MODE_MASK, PSW_MODE_SHIFT}, {"PSW.IE", PSW_IE_MASK, PSW_IE_SHIFT},
    {"PSW.TE", PSW_TE_MASK, PSW_TE_SHIFT},       {"PSW.pmode", PSW_PMODE_MASK, PSW_PMODE_SHIFT},
    {"PSW.key", PSW_KEY_MASK, PSW_KEY_SHIFT},
};

static void report_psw(struct vm *vm, uint32_t want, uint32_t found)
{
  for (size_t i = 0; i < sizeof psw_fields / sizeof psw_fields[0]; i++) {
    uint32_t mask = psw_fields[i].mask;
    if ((want ^ found) & mask) {
      vmm_lose_control(vm, "the guest changed the real machine's %s from %u to %u",
                       psw_fields[i].name, (want & mask) >> psw_fields[i].shift,
                       (found & mask) >> psw_fields[i].shift);
    }
  }
}

/* A guest that can execute ssk names real blocks with it. Its own it may have; the
 * key of any other is put back. The count spares a look at every block each time. */
void world_check_keys(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  if (machine_key_changes(vmm->real) == vmm->key_changes) {
    return;
  }
  for (uint32_t at = 0; at < machine_storage_size(vmm->real); at += KEY_BLOCK_SIZE) {
    uint8_t *want = &vmm->keys[at >> KEY_BLOCK_SHIFT], found = *want;
    machine_key_get(vmm->real, gpa(at), &found);
    if (found == *want) {
      continue;
    }
    if (range_contains(vm->storage.start.v, vm->storage.size, at, KEY_BLOCK_SIZE)) {
      *want = found;
      continue;
    }
    vmm_lose_control(vm,
                     "the guest changed the storage key of the real machine's block at 0x%08x from "
                     "%u to %u",
                     at, *want, found);
    machine_key_set(vmm->real, gpa(at), *want);
  }
  vmm->key_changes = machine_key_changes(vmm->real);
}

static void check_cr(struct vm *vm, const char *name, uint32_t found, uint32_t want)
{
  if (found != want) {
    vmm_lose_control(vm, "the guest changed the real machine's %s from 0x%08x to 0x%08x", name,
                     want, found);
  }
}

static uint32_t timer_left(const struct world *w, uint64_t elapsed)
{
  return elapsed < w->timer ? w->timer - (uint32_t)elapsed : 0;
}

static void report_world(struct vm *vm, const uint32_t *crs, uint64_t elapsed)
{
  const struct world *w = &vm->vmm->world;
  report_psw(vm, w->psw, crs[CR_PSW]);
  check_cr(vm, "BASE", crs[CR_BASE], w->base);
  check_cr(vm, "BOUND", crs[CR_BOUND], w->bound);
  check_cr(vm, "PTBR", crs[CR_PTBR], w->ptbr);
  check_cr(vm, "ASID", crs[CR_ASID], w->asid);
  check_cr(vm, "NPTBR", crs[CR_NPTBR], w->nptbr);
  check_cr(vm, "VBR", crs[CR_VBR], w->vbr);
  check_cr(vm, "IMASK", crs[CR_IMASK], w->imask);
  check_cr(vm, "TIMER", crs[CR_TIMER], timer_left(w, elapsed));
}

void world_check(struct vm *vm, uint64_t elapsed)
{
  uint32_t crs[ISA_CR_COUNT];
  machine_get_crs(vm->vmm->real, crs);
  report_world(vm, crs, elapsed);
  world_take_flags(vm, crs[CR_PSW]);
}

/* What keeps the timer's interrupt from being taken, for the report. */
static const char *why_not_back(struct machine *real, const struct world *w)
{
  if (!psw_ie(machine_get_cr(real, CR_PSW))) {
    return "it turned the real PSW.IE off";
  }
  uint32_t line = 1u << isa_cause_info(CAUSE_TIMER)->line;
  if (!(machine_get_cr(real, CR_IMASK) & line & w->imask)) {
    return "it masked the timer in the real IMASK";
  }
  return "it changed the real TIMER or IPEND";
}

/* The only ends of a loan that leave the VMM in control are a trap, the timer's
 * included, and a failure of the host. */
void world_check_stop(struct vm *vm, const struct machine_stop *stop)
{
  const struct world *w = &vm->vmm->world;
  switch (stop->why) {
  case MACHINE_TRAP:
  case MACHINE_HOST_ERROR:
  case MACHINE_BREAK:
  case MACHINE_WATCH:
  case MACHINE_CATCH:
    return;
  case MACHINE_LIMIT:
    vmm_lose_control(vm, "the processor, lent for %u ticks, did not come back from the guest: %s",
                     w->timer, why_not_back(vm->vmm->real, w));
    return;
  case MACHINE_HALTED:
    vmm_lose_control(vm, "the guest stopped the real machine");
    return;
  case MACHINE_WAITS:
    vmm_lose_control(vm, "the guest made the real machine wait for ever");
    return;
  case MACHINE_DOUBLE_FAULT:
  case MACHINE_LOST_CONTROL:
    vmm_lose_control(vm, "the machine below failed: %s",
                     stop->reason ? stop->reason : "double fault");
    return;
  }
}

/* After a violation the VM is stopped for good, and the real processor is made
 * fit for the others. */
void world_recover(struct vm *vm)
{
  struct machine *real = vm->vmm->real;
  const struct world *w = &vm->vmm->world;
  vcpu_forget(vm);
  machine_set_cr(real, CR_VBR, w->vbr);
  machine_set_cr(real, CR_IMASK, w->imask);
  machine_set_cr(real, CR_BASE, w->base);
  machine_set_cr(real, CR_BOUND, w->bound);
  machine_set_cr(real, CR_PTBR, w->ptbr);
  machine_set_cr(real, CR_ASID, w->asid);
  machine_set_cr(real, CR_NPTBR, w->nptbr);
  machine_set_cr(real, CR_TIMER, 0);
  machine_set_run_state(real, MACHINE_RUNNING);
}

void vcpu_pause(struct vm *vm)
{
  const uint32_t *live = vm->vmm->real->live.psw;
  world_charge(vm, *vm->vmm->real->live.tick);
  world_take_flags(vm, live ? *live : machine_get_cr(vm->vmm->real, CR_PSW));
}

void vcpu_settle(struct vmm *vmm)
{
  struct vm *vm = vmm->world.lent;
  if (vm) {
    world_leave(vm, &(struct machine_stop){.why = MACHINE_BREAK}, false);
  }
}

/* The owner that takes an interrupt without delivering it clears the line. */
void world_clear_line(struct vmm *vmm, enum isa_cause cause)
{
  uint32_t pending = machine_get_cr(vmm->real, CR_IPEND);
  machine_set_cr(vmm->real, CR_IPEND, pending & ~(1u << isa_cause_info(cause)->line));
}
