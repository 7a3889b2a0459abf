/* How guests' memory is made, and the frame around the modules that make it: frames for their
 * tables, the memory-trace service, what they are told of.
 */
#include "vmm/internal.h"

#include <stdlib.h>

/* Name; story. modules() says which module, fits() where it can be. */
#define MEMORIES(M)                                                                                \
  M(DEFAULT, "default", "what suits the machine: bounds, shadow or exact")                         \
  M(BOUNDS, "bounds", "the guest's BASE and BOUND are composed with the VMM's")                    \
  M(SHADOW, "shadow", "tables of the VMM's own lead from guest virtual to machine addresses")      \
  M(EXACT, "exact", "the guest's TLB is virtual; the real one holds what that has, and no more")   \
  M(DISCO, "disco", "and a second, larger one spares the guest many of its refills")               \
  M(NESTED, "nested", "the machine walks the guest's tables, and the VMM's below them")

const struct vmm_memory_info vmm_memories[VMM_MEMORIES] = {
#define INFO(id, name, story) [VMM_MEMORY_##id] = {name, story},
    MEMORIES(INFO)};

const char *const vmm_memory_names[VMM_MEMORIES + 1] = {
#define NAME(id, name, story) [VMM_MEMORY_##id] = name,
    MEMORIES(NAME)};

/* ----------------------------------------------------------- which, and where */

enum vmm_memory vmm_memory_of(const struct vmm_vm_config *config, const struct profile *real)
{
  if (config->memory != VMM_MEMORY_DEFAULT) {
    return config->memory;
  }
  uint32_t below = profile_features(real);
  uint32_t above = config->profile ? profile_features(config->profile) : below;
  if ((below & ISA_FEATURE_MMU_NESTED) && (above & ISA_FEATURE_MMU_PAGED) &&
      !vmm_technique_needs_pages(config->technique)) {
    return VMM_MEMORY_NESTED;
  }
  return below & ISA_FEATURE_MMU_PAGED ? VMM_MEMORY_SHADOW
         : below & ISA_FEATURE_MMU_TLB ? VMM_MEMORY_EXACT
                                       : VMM_MEMORY_BOUNDS;
}

const char *memory_refusal(enum vmm_memory memory, const struct profile *real,
                           const struct profile *guest)
{
  uint32_t below = profile_features(real), above = profile_features(guest);
  if (above & ISA_FEATURE_MMU_NESTED) {
    return "a virtual machine has no second level of tables: its MMU is 'paged'";
  }
  switch (memory) {
  case VMM_MEMORY_BOUNDS:
    return below & above & ISA_FEATURE_MMU_BOUNDS
               ? NULL
               : "memory by bounds is for guests of a machine that relocates by BASE and BOUND";
  case VMM_MEMORY_SHADOW:
    return (below & ISA_FEATURE_MMU_PAGED) &&
                   (above & (ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_BOUNDS))
               ? NULL
               : "shadow page tables need a machine with page tables, below and in the guest";
  case VMM_MEMORY_EXACT:
  case VMM_MEMORY_DISCO:
    return below & above & ISA_FEATURE_MMU_TLB
               ? NULL
               : "an emulated TLB needs a machine that refills its TLB, below and in the guest";
  case VMM_MEMORY_NESTED:
    return (below & ISA_FEATURE_MMU_NESTED) && (above & ISA_FEATURE_MMU_PAGED)
               ? NULL
               : "nested paging needs a machine of 'mmu nested', and a guest with page tables";
  case VMM_MEMORY_DEFAULT:
  case VMM_MEMORIES:
    break;
  }
  return "there is no such kind of memory";
}

const struct vmm_memory_module *memory_module(const struct vmm_modules *modules,
                                              enum vmm_memory memory)
{
  switch (memory) {
  case VMM_MEMORY_SHADOW:
    return modules->shadow ? modules->shadow : &vmm_memory_shadow;
  case VMM_MEMORY_EXACT:
    return modules->exact ? modules->exact : &vmm_memory_exact;
  case VMM_MEMORY_DISCO:
    return modules->disco ? modules->disco : &vmm_memory_disco;
  case VMM_MEMORY_NESTED:
    return modules->nested ? modules->nested : &vmm_memory_nested;
  case VMM_MEMORY_BOUNDS:
  case VMM_MEMORY_DEFAULT:
  case VMM_MEMORIES:
    break;
  }
  return modules->memory;
}

/* Of a second level: a directory, and what its storage needs. */
static uint32_t table_frames(const struct vmm_vm_config *config, const struct profile *real)
{
  uint32_t frames = config->tables ? config->tables : VMM_TABLES;
  switch (vmm_memory_of(config, real)) {
  case VMM_MEMORY_SHADOW:
    return frames + technique_frames(config);
  case VMM_MEMORY_NESTED:
    return 1 + (config->storage + (PAGE_TABLE_ENTRIES * ISA_PAGE_SIZE - 1)) /
                   (PAGE_TABLE_ENTRIES * ISA_PAGE_SIZE);
  default:
    return 0;
  }
}

uint64_t vmm_vm_footprint(const struct vmm_vm_config *config, const struct profile *real)
{
  return config->storage + (uint64_t)table_frames(config, real) * ISA_PAGE_SIZE;
}

/* ------------------------------------------------------------ frames for tables */

const char *memory_create(struct vm *vm, const struct vmm_vm_config *config)
{
  uint32_t wanted = table_frames(config, machine_profile(vm->vmm->real));
  if (vm->memory_kind == VMM_MEMORY_SHADOW && wanted < VMM_TABLES_LEAST) {
    return "a virtual machine needs at least 8 frames for its tables";
  }
  mpa_t frame;
  vm->traced = calloc(vm->storage.size / ISA_PAGE_SIZE, 1);
  vm->table = calloc(wanted + 1, sizeof *vm->table);
  if (!vm->traced || !vm->table) {
    return "no memory for a virtual machine";
  }
  while (vm->table_count < wanted && frames_take(vm->vmm, &frame)) {
    vm->table[vm->table_count++].at = frame.v;
  }
  return vm->table_count == wanted
             ? NULL
             : "the real machine has not enough storage left for this virtual machine's tables";
}

void memory_destroy(struct vm *vm)
{
  for (uint32_t i = 0; i < vm->table_count; i++) {
    frames_give(vm->vmm, mpa(vm->table[i].at));
  }
  free(vm->table);
  free(vm->traced);
}

/* The frame that holds `at`; NULL: none of those in use. It is looked for where it was last: a
 * guest's kernel and its processes take turns. */
static struct vm_table *table_of(struct vm *vm, uint32_t at)
{
  uint32_t *place = &vm->table_place[at / ISA_PAGE_SIZE % TABLE_PLACES];
  if (*place >= vm->table_count || at - vm->table[*place].at >= ISA_PAGE_SIZE) {
    for (*place = 0; *place < vm->table_count; ++*place) {
      if (at - vm->table[*place].at < ISA_PAGE_SIZE) {
        break;
      }
    }
  }
  bool used = *place < vm->table_count && vm->table[*place].kind != VMM_TABLE_NONE;
  return used ? &vm->table[*place] : NULL;
}

static enum vmm_table kind_of(struct vm *vm, uint32_t at)
{
  const struct vm_table *t = table_of(vm, at);
  return t ? t->kind : VMM_TABLE_NONE;
}

/* Whether a directory leads to the frame, which is a table no more. */
static bool is_referred_to(const struct vm *vm, uint32_t frame)
{
  for (uint32_t i = 0; i < vm->table_count; i++) {
    for (uint32_t k = 0; vm->table[i].kind == VMM_TABLE_DIRECTORY && k < ISA_PAGE_SIZE; k += 4) {
      uint32_t entry = 0;
      machine_phys_read_word(vm->vmm->real, gpa(vm->table[i].at + k), &entry);
      if ((entry & PTE_VALID) && pte_frame(entry) == frame) {
        return true;
      }
    }
  }
  return false;
}

/* A directory that were a table of another as well would map tables for the guest. */
struct vmm_frame memory_take_table(struct vm *vm, enum vmm_table kind)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  for (uint32_t i = 0; i < vm->table_count; i++) {
    struct vm_table *t = &vm->table[i];
    if (t->kind == VMM_TABLE_NONE && !(kind == VMM_TABLE_DIRECTORY && is_referred_to(vm, t->at)) &&
        machine_phys_write(vm->vmm->real, gpa(t->at), zeros, sizeof zeros)) {
      t->kind = kind;
      vm->stats.tables++;
      return (struct vmm_frame){true, mpa(t->at), true};
    }
  }
  return (struct vmm_frame){.ok = false};
}

bool memory_give_table(struct vm *vm, mpa_t frame)
{
  struct vm_table *t = table_of(vm, frame.v);
  if (!t || t->at != frame.v) {
    return false;
  }
  translate_table_gone(vm, frame.v);
  t->kind = VMM_TABLE_NONE;
  vm->stats.tables--;
  return true;
}

struct vmm_word memory_load_table(struct vm *vm, mpa_t at)
{
  struct vmm_word w = {.ok = false};
  w.ok = at.v % 4 == 0 && kind_of(vm, at.v) != VMM_TABLE_NONE &&
         machine_phys_read_word(vm->vmm->real, gpa(at.v), &w.word);
  return w;
}

/* Resource control: the allocator is asked for every entry. */
static bool may_lead_to(struct vm *vm, enum vmm_table kind, uint32_t entry)
{
  uint32_t frame = pte_frame(entry);
  switch (kind) {
  case VMM_TABLE_DIRECTORY:
    return kind_of(vm, frame) == VMM_TABLE_LEAF;
  case VMM_TABLE_LEAF:
    return pmap_allows(vm, mpa(frame), entry & PTE_WRITE) || patch_may_lead_to(vm, frame);
  case VMM_TABLE_CODE:
  case VMM_TABLE_NONE:
    break;
  }
  return false;
}

bool memory_store_table(struct vm *vm, mpa_t at, uint32_t word)
{
  enum vmm_table kind = kind_of(vm, at.v);
  if (at.v % 4 != 0 || kind == VMM_TABLE_NONE ||
      ((word & PTE_VALID) && !may_lead_to(vm, kind, word))) {
    return false;
  }
  if (kind == VMM_TABLE_LEAF && vm->patching) {
    word = patch_entry(vm, word);
  }
  if (kind == VMM_TABLE_DIRECTORY) {
    translate_table_stored(vm, at.v, word);
  }
  return machine_phys_write_word(vm->vmm->real, gpa(at.v), word);
}

/* Whatever lies above the second level is the guest's: it is the guest's storage. */
bool memory_may_use(struct vm *vm, struct vmm_real_map map)
{
  uint32_t features = profile_features(machine_profile(vm->vmm->real));
  bool nested = (features & ISA_FEATURE_MMU_NESTED) && (map.nptbr & NPTBR_ON);
  uint32_t directory = nested ? nptbr_base(map.nptbr) : map.ptbr;
  return !(features & ISA_FEATURE_MMU_PAGED) ||
         (directory % ISA_PAGE_SIZE == 0 && kind_of(vm, directory) == VMM_TABLE_DIRECTORY);
}

struct vmm_frame memory_frame(struct vm *vm, gpa_t at, bool store)
{
  mpa_t copy;
  if (patch_frame(vm, at, &copy)) {
    return (struct vmm_frame){!store, copy, false};
  }
  struct pmap_frame f = pmap_frame(vm, at, store);
  if (!f.ok || (store && !f.writable)) {
    return (struct vmm_frame){.ok = false};
  }
  vm->framed.at = at.v;
  vm->framed.frame = f.frame;
  return (struct vmm_frame){true, f.frame, f.writable};
}

void memory_forget(struct vm *vm, gpa_t at)
{
  vm->framed.frame = mpa(0);
  if (vm->memory->forget) {
    vm->memory->forget(vm->state.memory, &vm->env, gpa(at.v & ~(ISA_PAGE_SIZE - 1)));
  }
}

/* ---------------------------------------------------------- the trace service */

void memory_trace(struct vm *vm, enum trace_client client, gpa_t at, bool on)
{
  if (at.v >= vm->storage.size) {
    return;
  }
  uint8_t *page = &vm->traced[at.v / ISA_PAGE_SIZE], was = *page;
  *page = (uint8_t)(on ? was | client : was & ~client);
  vm->traced_pages = vm->traced_pages + (*page != 0) - (was != 0);
  if (was == 0 && on) {
    memory_forget(vm, at);
  }
}

bool memory_is_traced(const struct vm *vm, gpa_t at)
{
  return at.v < vm->storage.size && vm->traced[at.v / ISA_PAGE_SIZE] != 0;
}

bool memory_is_pinned(const struct vm *vm, gpa_t at)
{
  return vm->pinned_count > 0 && at.v < vm->storage.size &&
         (vm->traced[at.v / ISA_PAGE_SIZE] & TRACE_BY_TABLES);
}

/* By whom any page of the range is traced. */
static unsigned clients_of(const struct vm *vm, gpa_t at, uint32_t len)
{
  unsigned clients = 0;
  if (vm->traced_pages > 0 && len > 0 && range_contains(0, vm->storage.size, at.v, len)) {
    for (uint32_t page = at.v / ISA_PAGE_SIZE; page <= (at.v + len - 1) / ISA_PAGE_SIZE; page++) {
      clients |= vm->traced[page];
    }
  }
  return clients;
}

void memory_writing(struct vm *vm, gpa_t at, uint32_t len)
{
  unsigned clients = clients_of(vm, at, len);
  if ((clients & TRACE_BY_MEMORY) && vm->memory->writing) {
    vm->memory->writing(vm->state.memory, &vm->env, at, len);
  }
}

void memory_written(struct vm *vm, gpa_t at, uint32_t len)
{
  unsigned clients = clients_of(vm, at, len);
  vm->stats.traced_writes += clients != 0;
  if ((clients & TRACE_BY_MEMORY) && vm->memory->written) {
    vm->memory->written(vm->state.memory, &vm->env, at, len);
  }
  if (clients & TRACE_BY_CODE) {
    technique_written(vm, at, len);
  }
}

/* Bits A and D are set as the hardware does: the memory module, which had this done or would
 * have done it, is not told. */
void memory_commit(struct vm *vm, struct translation t)
{
  uint32_t at = t.entry.v;
  if (t.marks && at % sizeof t.marked == 0) {
    vm_touch(vm);
    pmap_write(vm, t.entry, &t.marked, sizeof t.marked);
  }
}
