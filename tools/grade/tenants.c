/* See tenants.h. */
#include "tools/grade/tenants.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/flaws.h"

#define OTHER_SECTORS 32u
#define GAP_MAX       8u
/* So near to either end of an other's storage is a secret: a short way over the edge reaches it. */
#define NEAR 1024u

struct other {
  struct machine *vm;
  uint32_t size, sector;
  uint8_t *kept; /* its storage, at the beginning */
};

struct tenants {
  const struct tenants_spec *spec;
  uint64_t random;
  uint32_t secret;
  uint32_t own, shared; /* first sectors */
  struct disk_store *disk, *disk_kept;
  struct vmm_modules modules;
  struct machine *real, *vm;
  struct vmm *vmm;
  struct other other[TENANTS_OTHERS];
};

/* Never the mark. */
static uint32_t noise(struct tenants *t)
{
  uint32_t word = (uint32_t)(check_draw(&t->random) >> 32);
  return word == TENANTS_MARK ? 0 : word;
}

static uint32_t below(struct tenants *t, uint32_t n)
{
  return (uint32_t)(check_draw(&t->random) >> 33) % n;
}

/* ------------------------------------------------------------------- the disk
 * Others, what is shared, the guest's own, others. */

static bool fill_disk(struct tenants *t, uint32_t sectors)
{
  t->disk = disk_store_memory(sectors);
  for (uint32_t i = 0; t->disk && i < sectors; i++) {
    uint32_t word[MACHINE_SECTOR_SIZE / 4];
    for (size_t n = 0; n < sizeof word / 4; n++) {
      word[n] = noise(t);
    }
    disk_store_write(t->disk, i, word);
  }
  t->disk_kept = t->disk ? disk_store_copy(t->disk) : NULL;
  return t->disk_kept != NULL;
}

static bool make_disk(struct tenants *t)
{
  uint32_t at = 0;
  for (unsigned i = 0; i < TENANTS_OTHERS; i++) {
    if (i == TENANTS_OTHERS / 2) {
      t->own = at + below(t, GAP_MAX);
      t->shared = t->own + TENANTS_OWN;
      at = t->shared + TENANTS_SHARED;
    }
    t->other[i].sector = at + below(t, GAP_MAX);
    at = t->other[i].sector + OTHER_SECTORS;
  }
  if (t->spec->bare) {
    t->own = 0;
    t->shared = TENANTS_OWN;
    at = TENANTS_OWN + TENANTS_SHARED;
  }
  return fill_disk(t, at);
}

/* All but the guest's own sectors. */
static bool disk_changed(const struct tenants *t)
{
  for (uint32_t i = 0; i < disk_store_sectors(t->disk); i++) {
    uint8_t was[MACHINE_SECTOR_SIZE], is[MACHINE_SECTOR_SIZE];
    disk_store_read(t->disk_kept, i, was);
    disk_store_read(t->disk, i, is);
    if ((i < t->own || i >= t->own + TENANTS_OWN) && memcmp(was, is, sizeof is) != 0) {
      return true;
    }
  }
  return false;
}

/* ------------------------------------------------------------------ the machines */

static void put_secret(struct tenants *t, struct machine *m, uint32_t at)
{
  machine_phys_write_word(m, gpa(at), TENANTS_MARK);
  machine_phys_write_word(m, gpa(at + 4), t->secret);
}

static void fill(struct tenants *t, struct machine *m, uint32_t from, uint32_t to)
{
  for (uint32_t at = from; at < to; at += 4) {
    machine_phys_write_word(m, gpa(at), noise(t));
  }
}

static struct machine *make_vm(struct tenants *t, const char *name, enum vmm_technique technique,
                               uint32_t size, uint32_t sector, uint32_t sectors,
                               const char **reason)
{
  struct vmm_extent extents[] = {{.first = sector, .sectors = sectors},
                                 {.first = t->shared, .sectors = TENANTS_SHARED, .readonly = true}};
  struct vmm_vm_config config = {.name = name,
                                 .technique = technique,
                                 .storage = size,
                                 .extents = extents,
                                 .extent_count = 2,
                                 .console_private = true};
  return vmm_create_vm(t->vmm, &config, reason);
}

static bool make_other(struct tenants *t, struct other *o, const char **reason)
{
  o->vm = make_vm(t, "other", VMM_TECHNIQUE_TRAP_AND_EMULATE, o->size, o->sector, OTHER_SECTORS,
                  reason);
  o->kept = o->vm ? malloc(o->size) : NULL;
  if (!o->kept) {
    return false;
  }
  fill(t, o->vm, 0, o->size);
  put_secret(t, o->vm, NEAR / 2 + 4 * below(t, NEAR / 8 - 2));
  put_secret(t, o->vm, o->size - 8 - 4 * below(t, NEAR / 4 - 2));
  return image_load(t->spec->other, o->vm, stderr) &&
         machine_phys_read(o->vm, gpa(0), o->kept, o->size);
}

/* What a bare machine would have at 0 is put where the kernel has its users' program. */
static bool put_user(struct tenants *t, const char **reason)
{
  struct machine_config config = {.profile = t->spec->profile, .storage = TENANTS_STORAGE};
  struct machine *scratch = machine_create(&config, reason);
  bool done = scratch && image_load(t->spec->guest, scratch, stderr);
  uint32_t word;
  for (uint32_t at = 0; done && at < TENANTS_USER_SIZE; at += 4) {
    done = machine_phys_read_word(scratch, gpa(at), &word) &&
           machine_phys_write_word(t->vm, gpa(TENANTS_USER + at), word);
  }
  if (scratch) {
    machine_destroy(scratch);
  }
  return done;
}

static bool load_guest(struct tenants *t, const char **reason)
{
  if (!t->spec->kernel) {
    return image_load(t->spec->guest, t->vm, stderr);
  }
  fill(t, t->vm, 0, TENANTS_USER);
  put_secret(t, t->vm, TENANTS_USER / 2 + 4 * below(t, TENANTS_USER / 8 - 2));
  return image_load(t->spec->kernel, t->vm, stderr) && put_user(t, reason);
}

static bool make_real(struct tenants *t, const char **reason)
{
  uint32_t storage = TENANTS_STORAGE;
  for (unsigned i = 0; i < TENANTS_OTHERS && !t->spec->bare; i++) {
    t->other[i].size = MACHINE_MIN_STORAGE + ISA_PAGE_SIZE * below(t, 8);
    storage += t->other[i].size;
  }
  struct machine_config config = {.profile = t->spec->profile,
                                  .storage = storage + (t->spec->bare ? 0 : VMM_OWN_STORAGE),
                                  .disk = t->disk,
                                  .engine = MACHINE_ENGINE_FAST};
  t->real = machine_create(&config, reason);
  return t->real != NULL;
}

static bool make_machines(struct tenants *t, const char **reason)
{
  bool done = make_disk(t) && make_real(t, reason);
  if (!done || t->spec->bare) {
    t->vm = t->real;
    return done && load_guest(t, reason);
  }
  if (!t->spec->flaw || !flaws_plant(t->spec->flaw, &t->modules)) {
    t->modules = vmm_default_modules;
  }
  t->vmm = vmm_create_with(t->real, &t->modules, reason);
  for (unsigned i = 0; t->vmm && done && i < TENANTS_OTHERS; i++) {
    if (i == TENANTS_OTHERS / 2) {
      t->vm = make_vm(t, "guest", t->spec->technique, TENANTS_STORAGE, t->own, TENANTS_OWN, reason);
      done = t->vm != NULL && load_guest(t, reason);
    }
    done = done && make_other(t, &t->other[i], reason);
  }
  return t->vmm && done;
}

static void destroy(struct tenants *t)
{
  for (unsigned i = 0; i < TENANTS_OTHERS; i++) {
    if (t->other[i].vm) {
      machine_destroy(t->other[i].vm);
    }
    free(t->other[i].kept);
  }
  if (t->vm && !t->spec->bare) {
    machine_destroy(t->vm);
  }
  if (t->vmm) {
    vmm_destroy(t->vmm);
  }
  if (t->real) {
    machine_destroy(t->real);
  }
  if (t->disk) {
    disk_store_destroy(t->disk);
  }
  if (t->disk_kept) {
    disk_store_destroy(t->disk_kept);
  }
}

/* ------------------------------------------------------------------------ a run */

static enum machine_why run_bare(struct machine *m, uint64_t until)
{
  for (;;) {
    struct machine_stop stop = machine_run(m, until);
    if (stop.why != MACHINE_TRAP) {
      return stop.why;
    }
    machine_deliver(m, &stop.trap);
  }
}

static bool others_changed(const struct tenants *t)
{
  for (unsigned i = 0; i < TENANTS_OTHERS; i++) {
    const struct other *o = &t->other[i];
    uint8_t *is = malloc(o->size);
    bool changed =
        !is || !machine_phys_read(o->vm, gpa(0), is, o->size) || memcmp(is, o->kept, o->size) != 0;
    free(is);
    if (changed) {
      return true;
    }
  }
  return false;
}

static bool look(struct tenants *t, struct tenants_end *end)
{
  const uint8_t *printed = machine_console_output(t->vm, &end->len);
  end->printed = malloc(end->len + 1);
  end->secret = t->secret;
  if (!end->printed) {
    return false;
  }
  memcpy(end->printed, printed, end->len);
  if (!t->spec->bare) {
    struct vmm_account a = vmm_vm_account(t->vm);
    uint64_t all = machine_tick(t->real);
    end->changed = others_changed(t) || disk_changed(t);
    end->percent = all ? (unsigned)((a.executed + a.overhead) * 100 / all) : 0;
    end->why = vmm_vm_stop(t->vm).why;
  }
  return true;
}

bool tenants_run(const struct tenants_spec *spec, struct tenants_end *end, const char **reason)
{
  struct tenants t = {.spec = spec, .random = check_draw_from(spec->random)};
  t.secret = noise(&t);
  *end = (struct tenants_end){.why = MACHINE_LIMIT};
  *reason = "out of memory";
  bool done = make_machines(&t, reason);
  if (done && spec->bare) {
    end->why = run_bare(t.vm, spec->ticks);
  } else if (done) {
    vmm_set_quantum(t.vmm, spec->quantum);
    vmm_run(t.vmm, spec->ticks);
  }
  done = done && look(&t, end);
  destroy(&t);
  return done;
}
