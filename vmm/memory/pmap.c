#include "vmm/memory/pmap.h"

#include <stdlib.h>
#include <string.h>

#include "machine/digest.h"
#include "vmm/internal.h"

bool pmap_is_scattered(const struct vm *vm)
{
  return vm->pmap.frame != NULL;
}

/* ------------------------------------------------------------------------ life */

static bool take_frames(struct vm *vm)
{
  struct pmap *p = &vm->pmap;
  mpa_t frame;
  p->frame = malloc(vm->storage.size / ISA_PAGE_SIZE * sizeof *p->frame);
  while (p->frame && p->pages < vm->storage.size / ISA_PAGE_SIZE && frames_take(vm->vmm, &frame)) {
    p->frame[p->pages++] = frame.v / ISA_PAGE_SIZE;
  }
  return p->pages == vm->storage.size / ISA_PAGE_SIZE;
}

/* Storage as after reset: what an earlier VM left there must not be readable.
 * Pages that are blank stay untouched, so that they cost the host nothing. */
static bool clear_piece(struct vm *vm)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t page[ISA_PAGE_SIZE];
  for (uint32_t i = 0; i < vm->storage.size; i += ISA_PAGE_SIZE) {
    gpa_t at = gpa(vm->storage.start.v + i);
    if (!machine_phys_read(vm->vmm->real, at, page, sizeof page) ||
        (memcmp(page, zeros, sizeof page) != 0 &&
         !machine_phys_write(vm->vmm->real, at, zeros, sizeof zeros))) {
      return false;
    }
  }
  return true;
}

bool pmap_scatters(const struct vm *vm)
{
  const struct vmm *vmm = vm->vmm;
  bool bounds = profile_features(machine_profile(vmm->real)) & ISA_FEATURE_MMU_BOUNDS;
  return !bounds || (vmm->scattered && !vmm->keys && vm->technique == VMM_TECHNIQUE_INTERPRET);
}

const char *pmap_create(struct vm *vm)
{
  static const char none[] =
      "the real machine has not enough storage left for this virtual machine";
  struct machine *real = vm->vmm->real;
  vm->pmap.watch = MACHINE_NO_WATCH;
  if (pmap_scatters(vm)) {
    return take_frames(vm) ? NULL : none;
  }
  vm->pmap.pages = vm->storage.size / ISA_PAGE_SIZE;
  vm->pmap.watch =
      machine_watch_storage(real, (gpa_range_t){gpa(vm->storage.start.v), vm->storage.size});
  return vm->pmap.watch != MACHINE_NO_WATCH && clear_piece(vm) ? NULL
                                                               : "no memory for a virtual machine";
}

void pmap_destroy(struct vm *vm)
{
  struct pmap *p = &vm->pmap;
  if (!pmap_is_scattered(vm)) {
    if (p->pages > 0) {
      machine_unwatch_storage(vm->vmm->real, p->watch);
    }
    return;
  }
  for (uint32_t i = 0; i < p->pages; i++) {
    frames_give(vm->vmm, mpa(p->frame[i] * ISA_PAGE_SIZE));
  }
  free(p->frame);
  free(p->watched);
}

/* ---------------------------------------------------------------------- access */

static gpa_t real_of(const struct vm *vm, uint32_t at)
{
  return gpa(vm->pmap.frame[at / ISA_PAGE_SIZE] * ISA_PAGE_SIZE + at % ISA_PAGE_SIZE);
}

/* How many of `len` bytes from `at` on lie in its page. */
static uint32_t in_page(uint32_t at, uint32_t len)
{
  uint32_t room = ISA_PAGE_SIZE - at % ISA_PAGE_SIZE;
  return len < room ? len : room;
}

static bool read_frames(struct vm *vm, uint32_t at, uint8_t *buf, uint32_t len)
{
  for (uint32_t n; len > 0; at += n, buf += n, len -= n) {
    n = in_page(at, len);
    if (!machine_phys_read(vm->vmm->real, real_of(vm, at), buf, n)) {
      return false;
    }
  }
  return true;
}

static bool write_frames(struct vm *vm, uint32_t at, const uint8_t *buf, uint32_t len)
{
  for (uint32_t n; len > 0; at += n, buf += n, len -= n) {
    n = in_page(at, len);
    if (!machine_phys_write(vm->vmm->real, real_of(vm, at), buf, n)) {
      return false;
    }
  }
  return true;
}

bool pmap_read(struct vm *vm, gpa_t at, void *buf, uint32_t len)
{
  if (!range_contains(0, vm->storage.size, at.v, len)) {
    return false;
  }
  return pmap_is_scattered(vm)
             ? read_frames(vm, at.v, buf, len)
             : machine_phys_read(vm->vmm->real, gpa(vm->storage.start.v + at.v), buf, len);
}

bool pmap_peek(struct vm *vm, gpa_t at, void *buf, uint32_t len)
{
  return pmap_read(vm, at, buf, len);
}

bool pmap_write(struct vm *vm, gpa_t at, const void *buf, uint32_t len)
{
  if (!range_contains(0, vm->storage.size, at.v, len)) {
    return false;
  }
  return pmap_is_scattered(vm)
             ? write_frames(vm, at.v, buf, len)
             : machine_phys_write(vm->vmm->real, gpa(vm->storage.start.v + at.v), buf, len);
}

struct pmap_frame pmap_frame(struct vm *vm, gpa_t at, bool write)
{
  (void)write;
  uint32_t page = at.v & ~(ISA_PAGE_SIZE - 1);
  if (at.v >= vm->storage.size) {
    return (struct pmap_frame){.ok = false};
  }
  return (struct pmap_frame){true, true,
                             pmap_is_scattered(vm) ? mpa(real_of(vm, page).v)
                                                   : mpa(vm->storage.start.v + page)};
}

bool pmap_find(const struct vm *vm, mpa_t real, gpa_t *at)
{
  const struct pmap *p = &vm->pmap;
  if (!pmap_is_scattered(vm)) {
    *at = gpa(real.v - vm->storage.start.v);
    return range_contains(vm->storage.start.v, vm->storage.size, real.v, 1);
  }
  for (uint32_t i = 0; i < p->pages; i++) {
    if (p->frame[i] == real.v / ISA_PAGE_SIZE) {
      *at = gpa(i * ISA_PAGE_SIZE + real.v % ISA_PAGE_SIZE);
      return true;
    }
  }
  return false;
}

/* --------------------------------------------------------------------- digests */

#define AT_ONCE 64u /* pages */

/* Placement-free: pages count from the range's start. */
static uint64_t digest_pages(struct vm *vm, uint32_t first, uint32_t count)
{
  uint64_t sum = 0, digest[AT_ONCE];
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < AT_ONCE ? count - done : AT_ONCE;
    machine_page_digests(vm->vmm->real, vm->pmap.frame + first + done, n, digest);
    for (uint32_t i = 0; i < n; i++) {
      sum += digest_place(done + i, digest[i]);
    }
  }
  return sum;
}

uint64_t pmap_digest(struct vm *vm)
{
  return pmap_is_scattered(vm) ? digest_pages(vm, 0, vm->pmap.pages)
                               : machine_watched_digest(vm->vmm->real, vm->pmap.watch);
}

unsigned pmap_watch(struct vm *vm, gpa_range_t range)
{
  struct pmap *p = &vm->pmap;
  if (!pmap_is_scattered(vm)) {
    gpa_range_t real = {gpa(vm->storage.start.v + range.start.v), range.size};
    return machine_watch_storage(vm->vmm->real, real);
  }
  unsigned id = 0;
  while (id < p->watched_count && p->watched[id].size != 0) {
    id++;
  }
  if (id == p->watched_count) {
    gpa_range_t *grown = realloc(p->watched, (id + 1) * sizeof *grown);
    if (!grown) {
      return MACHINE_NO_WATCH;
    }
    p->watched = grown;
    p->watched_count++;
  }
  p->watched[id] = range;
  return id;
}

uint64_t pmap_watched(struct vm *vm, unsigned id)
{
  if (!pmap_is_scattered(vm)) {
    return machine_watched_digest(vm->vmm->real, id);
  }
  const struct pmap *p = &vm->pmap;
  return id == MACHINE_NO_WATCH ? 0
                                : digest_pages(vm, p->watched[id].start.v / ISA_PAGE_SIZE,
                                               p->watched[id].size / ISA_PAGE_SIZE);
}

void pmap_unwatch(struct vm *vm, unsigned id)
{
  if (!pmap_is_scattered(vm)) {
    machine_unwatch_storage(vm->vmm->real, id);
  } else if (id != MACHINE_NO_WATCH) {
    vm->pmap.watched[id].size = 0;
  }
}

void pmap_page_digests(struct vm *vm, const uint32_t *pages, uint32_t count, uint64_t *digests)
{
  uint32_t real[AT_ONCE];
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < AT_ONCE ? count - done : AT_ONCE;
    for (uint32_t i = 0; i < n; i++) {
      uint32_t page = pages[done + i];
      real[i] =
          pmap_is_scattered(vm) ? vm->pmap.frame[page] : vm->storage.start.v / ISA_PAGE_SIZE + page;
    }
    machine_page_digests(vm->vmm->real, real, n, digests + done);
  }
}
