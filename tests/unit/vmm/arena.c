#include "arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"

#define NEIGHBOUR_SECTORS 4u
#define OWN_CHECKED       (VMM_OWN_STORAGE / 2) /* the rest: real disk transfers */

/* ------------------------------------------------------------------ profiles */

const struct arena_profile arena_profiles[ARENA_PROFILES] = {
    {"pg", true},
    {"s360", true},
    {"x86", true},
    {"x86-popf", true},
    {"pdp10", true},
    {"nop", true},
    {"full", false},
    {"mixed", false},
    {"mixed, three modes", false},
    {"tests/common/keyed.profile", true},
};

static bool exists(const struct isa_insn_info *info)
{
  return info->requires == 0 || (info->requires & (ISA_FEATURE_IO_PORTS | ISA_FEATURE_KEYS));
}

static const char *pick(struct random *r, const struct isa_insn_info *info)
{
  uint32_t k = random_below(r, 3 + (uint32_t)info->behaviour_count);
  return k == 0 ? "trap" : k == 1 ? "nop" : k == 2 ? "absent" : info->behaviours[k - 3].name;
}

/* `everywhere`: what every system instruction does outside mode 0; NULL: this or
 * that. */
static struct profile *nasty(const char *everywhere, unsigned modes)
{
  char text[8192];
  struct random r = random_from(modes);
  int len = snprintf(text, sizeof text,
                     "profile nasty; title \"T\"; modes %u; mmu bounds; io ports; keys;\n", modes);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    if (info->group == ISA_GROUP_SYSTEM && exists(info)) {
      const char *how = everywhere ? everywhere : pick(&r, info);
      bool absent = strcmp(how, "absent") == 0;
      len += snprintf(text + len, sizeof text - (size_t)len, absent ? "absent %s;\n" : "outside %s",
                      info->mnemonic);
      len += absent ? 0 : snprintf(text + len, sizeof text - (size_t)len, " = %s;\n", how);
    }
  }
  return profile_parse("nasty", text, (size_t)len, stderr);
}

static struct profile *make_profile(const struct arena_profile *kind)
{
  if (strcmp(kind->name, "nop") == 0 || strcmp(kind->name, "full") == 0) {
    return nasty(kind->name, 4);
  }
  if (strncmp(kind->name, "mixed", 5) == 0) {
    return nasty(NULL, kind->name[5] ? 3 : 4);
  }
  return profile_load(kind->name, stderr);
}

/* ---------------------------------------------------------------- neighbours */

/* Counts in storage, writes its disk, takes traps and timer interrupts. */
static void put_handler(struct program *p)
{
  put_li(p, REG_T2, 0x8000);
  put(p, ISA_LW, REG_T1, REG_T2, 0, 0);
  put(p, ISA_ADDI, REG_T1, REG_T1, 0, 1);
  put(p, ISA_SW, REG_T1, REG_T2, 0, 0);
  put_cr(p, ISA_MFCR, CR_CAUSE, REG_T1);
  put(p, ISA_ADDI, REG_T1, REG_T1, 0, (uint32_t)-CAUSE_SYSCALL);
  put(p, ISA_BNE, REG_T1, REG_ZERO, 0, 16);
  put_cr(p, ISA_MFCR, CR_EPC, REG_T1);
  put(p, ISA_ADDI, REG_T1, REG_T1, 0, 4);
  put_cr(p, ISA_MTCR, CR_EPC, REG_T1);
  put(p, ISA_RFE, 0, 0, 0, 0);
}

static void put_loop(struct program *p)
{
  const uint32_t start = here(p), values[] = {1, 0x7000, 2, DISK_COMMAND_WRITE};
  put_set_cr(p, CR_TIMER, 23, REG_T0);
  put(p, ISA_STI, 0, 0, 0, 0);
  put(p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put(p, ISA_MUL, REG_A0, REG_S0, REG_S0, 0);
  put_li(p, REG_A1, 0x7000);
  put(p, ISA_ANDI, REG_A2, REG_A0, 0, 0xffc);
  put(p, ISA_ADD, REG_A1, REG_A1, REG_A2, 0);
  put(p, ISA_SW, REG_A0, REG_A1, 0, 0);
  put(p, ISA_SYS, 0, 0, 0, 7);
  for (uint32_t i = 0; i < 4; i++) {
    put(p, ISA_ADDI, REG_T0, REG_ZERO, 0, values[i]);
    put(p, ISA_OUT, REG_T0, REG_ZERO, 0, PORT_DISK_SECTOR + i);
  }
  put(p, ISA_OUT, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(p, ISA_JAL, REG_ZERO, 0, 0, start - here(p));
}

static void load_neighbour(struct machine *m, unsigned which)
{
  struct program *p = test_calloc(1, sizeof *p);
  p->origin = 0x800;
  put_handler(p);
  assert_true(here(p) <= ISA_RESET_PC);
  load_program(m, p);
  p->origin = ISA_RESET_PC;
  p->count = 0;
  put_loop(p);
  load_program(m, p);
  test_free(p);
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    assert_true(machine_phys_write_word(m, gpa(4 * cause), 0x800));
  }
  machine_set_reg(m, REG_S0, which * 1000);
}

void arena_run_neighbours(struct arena *a, uint32_t ticks)
{
  for (unsigned i = 0; i < a->depth; i++) {
    for (unsigned k = 0; k < 2; k++) {
      struct machine *m = a->neighbour[i][k];
      machine_advance(m, machine_tick(m) + ticks);
    }
  }
}

/* ------------------------------------------------------------------ the arena */

static uint32_t storage_of(unsigned levels)
{
  return ARENA_STORAGE + levels * (VMM_OWN_STORAGE + 2 * ARENA_STORAGE);
}

static uint32_t sectors_of(unsigned levels)
{
  return ARENA_SECTORS + levels * 2 * NEIGHBOUR_SECTORS;
}

static struct machine *make_vm(struct arena *a, unsigned level, const char *name, uint32_t storage,
                               uint32_t first, uint32_t sectors, enum vmm_technique technique)
{
  const char *reason = NULL;
  struct vmm_vm_config config = {.name = name,
                                 .technique = technique,
                                 .storage = storage,
                                 .disk_first = first,
                                 .disk_sectors = sectors,
                                 .console_private = level > 0};
  struct machine *m = vmm_create_vm(a->vmm[level], &config, &reason);
  if (!m) {
    fail_msg("no VM: %s", reason);
  }
  return m;
}

static void open_level(struct arena *a, unsigned level, enum vmm_technique technique)
{
  const char *reason = NULL;
  a->vmm[level] = vmm_create(level ? a->vm[level - 1] : a->real, &reason);
  if (!a->vmm[level]) {
    fail_msg("%s: no VMM: %s", a->kind->name, reason);
  }
  unsigned above = a->depth - 1 - level;
  uint32_t sectors = sectors_of(above);
  a->neighbour[level][0] = make_vm(a, level, "below", ARENA_STORAGE, 0, NEIGHBOUR_SECTORS, 0);
  a->vm[level] =
      make_vm(a, level, "target", storage_of(above), NEIGHBOUR_SECTORS, sectors, technique);
  a->neighbour[level][1] =
      make_vm(a, level, "above", ARENA_STORAGE, NEIGHBOUR_SECTORS + sectors, NEIGHBOUR_SECTORS, 0);
  for (unsigned k = 0; k < 2; k++) {
    load_neighbour(a->neighbour[level][k], 1 + 2 * level + k);
  }
}

static void fill_disk(struct disk_store *d)
{
  for (uint32_t i = 0; i < disk_store_sectors(d); i++) {
    uint8_t sector[MACHINE_SECTOR_SIZE];
    memset(sector, ARENA_DISK_BYTE, sizeof sector);
    assert_true(disk_store_write(d, i, sector));
  }
}

/* What a VMM keeps for itself, recognisable. */
static void plant(struct machine *m)
{
  for (uint32_t at = 0; at < OWN_CHECKED; at += 4) {
    assert_true(machine_phys_write_word(m, gpa(at), at * 2654435761u));
  }
}

void arena_open_by(struct arena *a, const struct arena_profile *kind, unsigned depth,
                   enum machine_engine engine, enum vmm_technique technique)
{
  memset(a, 0, sizeof *a);
  a->kind = kind;
  a->depth = depth;
  a->profile = make_profile(kind);
  assert_non_null(a->profile);
  a->disk = disk_store_memory(sectors_of(depth));
  assert_non_null(a->disk);
  fill_disk(a->disk);
  struct machine_config config = {
      .profile = a->profile, .storage = storage_of(depth), .disk = a->disk, .engine = engine};
  a->real = machine_create(&config, NULL);
  assert_non_null(a->real);
  a->target = a->real;
  for (unsigned i = 0; i < depth; i++) {
    open_level(a, i, technique);
    plant(a->target);
    a->target = a->vm[i];
  }
}

void arena_open(struct arena *a, const struct arena_profile *kind, unsigned depth,
                enum machine_engine engine)
{
  arena_open_by(a, kind, depth, engine, VMM_TECHNIQUE_TRAP_AND_EMULATE);
}

void arena_close(struct arena *a)
{
  for (unsigned i = a->depth; i-- > 0;) {
    machine_destroy(a->neighbour[i][1]);
    machine_destroy(a->vm[i]);
    machine_destroy(a->neighbour[i][0]);
    vmm_destroy(a->vmm[i]);
  }
  machine_destroy(a->real);
  disk_store_destroy(a->disk);
  profile_destroy(a->profile);
}

/* ------------------------------------------------------------------- judging */

static bool own_storage_is_whole(struct machine *m)
{
  for (uint32_t at = 0; at < OWN_CHECKED; at += 4) {
    uint32_t word = 0;
    if (!machine_phys_read_word(m, gpa(at), &word) || word != at * 2654435761u) {
      return false;
    }
  }
  return true;
}

static bool own_keys_are_whole(struct machine *m)
{
  for (uint32_t at = 0; at < VMM_OWN_STORAGE; at += KEY_BLOCK_SIZE) {
    uint8_t key = 0;
    machine_key_get(m, gpa(at), &key);
    if (key != 0) {
      return false;
    }
  }
  return true;
}

const char *arena_harm(struct arena *a, struct arena *quiet)
{
  for (unsigned i = 0; i < a->depth; i++) {
    for (unsigned k = 0; k < 2; k++) {
      struct machine *m = a->neighbour[i][k], *other = quiet->neighbour[i][k];
      if (machine_state_hash(m) != machine_state_hash(other)) {
        return k ? "the neighbour above is not as it would be alone"
                 : "the neighbour below is not as it would be alone";
      }
    }
    if (!own_storage_is_whole(i ? a->vm[i - 1] : a->real)) {
      return "the VMM's own storage was written";
    }
    if (!own_keys_are_whole(i ? a->vm[i - 1] : a->real)) {
      return "a key of the VMM's own storage was changed";
    }
    if (vmm_violations(a->vmm[i], NULL) != 0) {
      return "the VMM reports a violation";
    }
  }
  return NULL;
}

static const char *impossible_state(struct machine *m)
{
  const struct profile *p = machine_profile(m);
  if (machine_get_reg(m, REG_ZERO) != 0) {
    return "register zero is not zero";
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr cr = (enum isa_cr)i;
    uint32_t value = machine_get_cr(m, cr);
    bool own = cr == CR_TIMER || cr == CR_TICK || cr == CR_CPUID;
    if (profile_has_cr(p, cr) && !own && profile_cr_write(p, cr, 0, value) != value) {
      return "a control register holds what no write can put there";
    }
  }
  return machine_next_event(m) <= machine_tick(m) ? "an event is overdue" : NULL;
}

/* A double fault has its cause: the vector is not there, or no address of code. */
static bool vector_is_bad(struct machine *m, enum isa_cause cause)
{
  uint64_t at = (uint64_t)machine_get_cr(m, CR_VBR) + 4 * (uint64_t)cause;
  uint32_t handler = 0;
  return at + 4 > machine_storage_size(m) ||
         !machine_phys_read_word(m, gpa((uint32_t)at), &handler) || handler % 4 != 0;
}

static bool is_sentence(const char *text)
{
  return text && strlen(text) > 10 && !strchr(text, '\n');
}

const char *arena_nonsense(struct arena *a, const struct machine_stop *stop, uint64_t until)
{
  struct machine *m = a->target;
  uint32_t lines = machine_get_cr(m, CR_IPEND) & machine_get_cr(m, CR_IMASK);
  bool kept = a->depth == 0 || a->kind->contained;
  switch (stop->why) {
  case MACHINE_LIMIT:
    return machine_tick(m) != until && kept ? "it ended at another tick" : impossible_state(m);
  case MACHINE_HALTED:
    return machine_run_state(m) != MACHINE_STOPPED ? "halted, but not stopped"
                                                   : impossible_state(m);
  case MACHINE_WAITS:
    return machine_run_state(m) != MACHINE_WAITING || lines != 0 ||
                   machine_next_event(m) != MACHINE_NEVER
               ? "it waits forever, but need not"
               : impossible_state(m);
  case MACHINE_DOUBLE_FAULT:
    return !vector_is_bad(m, stop->trap.cause) ? "a double fault, but the vector is good"
                                               : impossible_state(m);
  case MACHINE_LOST_CONTROL:
    return kept                         ? "control was lost"
           : !is_sentence(stop->reason) ? "control was lost, but how is not said"
                                        : NULL;
  case MACHINE_TRAP:
    return "left alone, a machine stops at no trap";
  case MACHINE_HOST_ERROR:
    return "the host failed";
  case MACHINE_BREAK:
  case MACHINE_WATCH:
  case MACHINE_CATCH:
    return "it stopped where nobody asked it to";
  }
  return "no such reason";
}
