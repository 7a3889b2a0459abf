#include "vmm/memory/pmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/digest.h"
#include "vmm/internal.h"

bool pmap_is_scattered(const struct vm *vm)
{
  return vm->pmap.page != NULL;
}

/* ------------------------------------------------------------------------ life */

bool pmap_scatters(const struct vm *vm)
{
  const struct vmm *vmm = vm->vmm;
  bool bounds = profile_features(machine_profile(vmm->real)) & ISA_FEATURE_MMU_BOUNDS;
  return !bounds ||
         (vmm->policy.scattered && !vmm->keys && vm->technique == VMM_TECHNIQUE_INTERPRET);
}

static const char *begin_scattered(struct vm *vm)
{
  static const char no_memory[] = "no memory for a virtual machine";
  struct pmap *p = &vm->pmap;
  uint32_t pages = vm->storage.size / ISA_PAGE_SIZE;
  const char *refusal =
      frames_begin(vm->vmm) ? frames_promise(vm->vmm, pages, &p->home) : no_memory;
  if (refusal) {
    return refusal;
  }
  p->page = calloc(pages, sizeof *p->page);
  if (!p->page) {
    frames_release(vm->vmm, pages);
    return no_memory;
  }
  for (p->pages = 0; p->pages < pages; p->pages++) {
    p->page[p->pages].vm = vm;
  }
  return NULL;
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

const char *pmap_create(struct vm *vm)
{
  struct machine *real = vm->vmm->real;
  vm->pmap.watch = MACHINE_NO_WATCH;
  if (pmap_scatters(vm)) {
    return begin_scattered(vm);
  }
  vm->pmap.pages = vm->storage.size / ISA_PAGE_SIZE;
  vm->pmap.watch =
      machine_watch_storage(real, (gpa_range_t){gpa(vm->storage.start.v), vm->storage.size});
  return vm->pmap.watch != MACHINE_NO_WATCH && clear_piece(vm) ? NULL
                                                               : "no memory for a virtual machine";
}

static void drop(struct pmap_page *page);

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
    drop(&p->page[i]);
  }
  frames_release(vm->vmm, p->pages);
  free(p->page);
  free(p->watched);
}

void pmap_fail(struct vm *vm, const char *sentence)
{
  if (vm->fate == MACHINE_LIMIT) {
    vm->fate = MACHINE_HOST_ERROR;
    snprintf(vm->reason, sizeof vm->reason, "%s", sentence);
  }
}

/* ----------------------------------------------------- pages and what they lie in */

gpa_t pmap_address(const struct pmap_page *page)
{
  return gpa((uint32_t)(page - page->vm->pmap.page) * ISA_PAGE_SIZE);
}

void pmap_forget(struct pmap_page *page)
{
  if (page->mapped) {
    page->mapped = false;
    page->vm->vmm->frames.forgetting++;
    memory_forget(page->vm, pmap_address(page));
    page->vm->vmm->frames.forgetting--;
  }
}

void pmap_enter_frame(struct pmap_page *page, uint32_t number)
{
  struct frame *frame = frame_of(page->vm->vmm, number);
  page->state = PAGE_FRAME;
  page->where = number;
  page->next = frame->pages;
  page->ballooned = page->zeroed = false;
  frame->pages = page;
  frame->refs++;
}

void pmap_leave_frame(struct pmap_page *page)
{
  struct vmm *vmm = page->vm->vmm;
  struct frame *frame = frame_of(vmm, page->where);
  struct pmap_page **link = &frame->pages;
  pmap_forget(page);
  while (*link != page) {
    link = &(*link)->next;
  }
  *link = page->next;
  page->state = PAGE_ZERO;
  if (--frame->refs == 0) {
    frames_put(vmm, page->where);
  }
}

/* What it held is needed by nobody. */
static void drop(struct pmap_page *page)
{
  if (page->state == PAGE_FRAME) {
    pmap_leave_frame(page);
  } else if (page->state == PAGE_SWAPPED) {
    swap_release(&page->vm->vmm->frames.swap, page->where);
  }
  page->state = PAGE_ZERO;
  page->zeroed = page->ballooned = false;
}

static gpa_t real_of(const struct pmap_page *page)
{
  return gpa(page->where * ISA_PAGE_SIZE);
}

static bool is_blank(const uint8_t *bytes, uint32_t len)
{
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Out of where it lies into a frame of its own, with these contents. False: there is none, and
 * it lies where it did. */
static bool move(struct pmap_page *page, const uint8_t *bytes)
{
  bool pinned = page->pinned;
  page->pinned = true; /* it is not the one that must leave */
  uint32_t number = frames_get(page->vm, (uint32_t)(page - page->vm->pmap.page));
  page->pinned = pinned;
  if (number == 0) {
    return false;
  }
  pmap_forget(page);
  drop(page);
  pmap_enter_frame(page, number);
  return machine_phys_write(page->vm->vmm->real, real_of(page), bytes, ISA_PAGE_SIZE);
}

static bool swapped(const struct pmap_page *page, uint8_t *bytes)
{
  if (swap_read(&page->vm->vmm->frames.swap, page->where, bytes)) {
    return true;
  }
  pmap_fail(page->vm, "the VMM cannot read its swap file");
  return false;
}

/* In a frame, and if it is to be stored into in one of its own. whole: all of it is. */
static bool settle(struct pmap_page *page, bool store, bool whole)
{
  uint8_t bytes[ISA_PAGE_SIZE] = {0};
  struct vmm_paging *count = &page->vm->paging;
  page->used = true;
  switch (page->state) {
  case PAGE_ZERO:
    count->zeroed++;
    return move(page, bytes);
  case PAGE_SWAPPED:
    if (!whole && !swapped(page, bytes)) {
      return false;
    }
    count->read += !whole;
    return move(page, bytes);
  case PAGE_FRAME:
    break;
  }
  if (!store || frame_of(page->vm->vmm, page->where)->refs == 1) {
    return true;
  }
  count->copied++; /* on write */
  return machine_phys_read(page->vm->vmm->real, real_of(page), bytes, sizeof bytes) &&
         move(page, bytes);
}

/* ---------------------------------------------------------------------- access
 * Parts of `len` bytes within a page. */

enum who { GUEST, DEVICE, OWNER };

static bool read_part(struct pmap_page *page, uint32_t from, uint8_t *buf, uint32_t len,
                      enum who who)
{
  uint8_t bytes[ISA_PAGE_SIZE];
  if (page->state == PAGE_SWAPPED && who == OWNER) {
    bool ok = swap_read(&page->vm->vmm->frames.swap, page->where, bytes);
    memcpy(buf, bytes + from, len);
    return ok;
  }
  if (page->state == PAGE_SWAPPED) {
    page->vm->paging.paged_twice += who == DEVICE;
    if (!settle(page, false, false)) {
      return false;
    }
  }
  page->used |= who != OWNER;
  if (page->state == PAGE_ZERO) {
    memset(buf, 0, len);
    return true;
  }
  return machine_phys_read(page->vm->vmm->real, gpa(real_of(page).v + from), buf, len);
}

/* Zeros change nothing in a page of zeros. Guests store them into pages that they get from
 * their storage, which the VMM has zeroed, or would have: here it is spared that. */
static bool write_part(struct pmap_page *page, uint32_t from, const uint8_t *buf, uint32_t len)
{
  if (page->state == PAGE_ZERO && is_blank(buf, len)) {
    page->vm->paging.zeroed_twice += !page->zeroed;
    page->zeroed = true;
    page->ballooned = false;
    return true;
  }
  return settle(page, true, len == ISA_PAGE_SIZE) &&
         machine_phys_write(page->vm->vmm->real, gpa(real_of(page).v + from), buf, len);
}

/* How many of `len` bytes from `at` on lie in its page. */
static uint32_t in_page(uint32_t at, uint32_t len)
{
  uint32_t room = ISA_PAGE_SIZE - at % ISA_PAGE_SIZE;
  return len < room ? len : room;
}

static bool read_as(struct vm *vm, uint32_t at, uint8_t *buf, uint32_t len, enum who who)
{
  if (!range_contains(0, vm->storage.size, at, len)) {
    return false;
  }
  if (!pmap_is_scattered(vm)) {
    return machine_phys_read(vm->vmm->real, gpa(vm->storage.start.v + at), buf, len);
  }
  bool ok = true;
  who = vm->vmm->frames.forgetting > 0 ? OWNER : who;
  for (uint32_t n; ok && len > 0; at += n, buf += n, len -= n) {
    n = in_page(at, len);
    ok = read_part(&vm->pmap.page[at / ISA_PAGE_SIZE], at % ISA_PAGE_SIZE, buf, n, who);
  }
  return ok;
}

bool pmap_read(struct vm *vm, gpa_t at, void *buf, uint32_t len)
{
  return read_as(vm, at.v, buf, len, GUEST);
}

bool pmap_read_out(struct vm *vm, gpa_t at, void *buf, uint32_t len)
{
  return read_as(vm, at.v, buf, len, DEVICE);
}

bool pmap_peek(struct vm *vm, gpa_t at, void *buf, uint32_t len)
{
  return read_as(vm, at.v, buf, len, OWNER);
}

bool pmap_write(struct vm *vm, gpa_t at, const void *buf, uint32_t len)
{
  if (!range_contains(0, vm->storage.size, at.v, len)) {
    return false;
  }
  if (!pmap_is_scattered(vm)) {
    return machine_phys_write(vm->vmm->real, gpa(vm->storage.start.v + at.v), buf, len);
  }
  const uint8_t *from = buf;
  bool ok = true;
  for (uint32_t n; ok && len > 0; at.v += n, from += n, len -= n) {
    n = in_page(at.v, len);
    ok = write_part(&vm->pmap.page[at.v / ISA_PAGE_SIZE], at.v % ISA_PAGE_SIZE, from, n);
  }
  return ok;
}

/* ------------------------------------------------------------------ where it lies */

/* The one page of zeros, for all pages that are nowhere. False: there is no frame to spare. */
static bool zeros(struct vmm *vmm, mpa_t *frame)
{
  struct frames *f = &vmm->frames;
  if (f->zero == 0 && frames_take(vmm, frame)) {
    f->zero = frame->v / ISA_PAGE_SIZE;
  }
  *frame = mpa(f->zero * ISA_PAGE_SIZE);
  return f->zero != 0;
}

struct pmap_frame pmap_frame(struct vm *vm, gpa_t at, bool write)
{
  struct pmap_frame f = {.ok = false};
  if (at.v >= vm->storage.size) {
    return f;
  }
  if (!pmap_is_scattered(vm)) {
    uint32_t page = at.v - at.v % ISA_PAGE_SIZE;
    return (struct pmap_frame){true, true, mpa(vm->storage.start.v + page)};
  }
  struct pmap_page *page = &vm->pmap.page[at.v / ISA_PAGE_SIZE];
  vm->vmm->frames.answered = page;
  if (page->state == PAGE_ZERO && !write && zeros(vm->vmm, &f.frame)) {
    f.ok = page->mapped = page->used = true;
    return f;
  }
  f.ok = settle(page, write, false);
  if (f.ok) {
    page->mapped = true;
    f.frame = mpa(real_of(page).v);
    f.writable = frame_of(vm->vmm, page->where)->refs == 1;
  }
  return f;
}

bool pmap_find(const struct vm *vm, mpa_t real, gpa_t *at)
{
  if (!pmap_is_scattered(vm)) {
    *at = gpa(real.v - vm->storage.start.v);
    return range_contains(vm->storage.start.v, vm->storage.size, real.v, 1);
  }
  const struct frame *frame = frame_of(vm->vmm, real.v / ISA_PAGE_SIZE);
  const struct pmap_page *page = frame ? frame->pages : NULL;
  while (page && page->vm != vm) {
    page = page->next;
  }
  *at = page ? gpa(pmap_address(page).v + real.v % ISA_PAGE_SIZE) : gpa(0);
  return page != NULL;
}

bool pmap_allows(const struct vm *vm, mpa_t real, bool store)
{
  uint32_t number = real.v / ISA_PAGE_SIZE;
  gpa_t at;
  if (pmap_is_scattered(vm) && number == vm->vmm->frames.zero) {
    return !store && number != 0;
  }
  return pmap_find(vm, real, &at) &&
         !(store && pmap_is_scattered(vm) && frame_of(vm->vmm, number)->refs > 1);
}

bool pmap_clear(struct vm *vm, gpa_t at)
{
  static const uint8_t zero[ISA_PAGE_SIZE];
  at.v -= at.v % ISA_PAGE_SIZE;
  if (!pmap_is_scattered(vm)) {
    return pmap_write(vm, at, zero, sizeof zero);
  }
  struct pmap_page *page = &vm->pmap.page[at.v / ISA_PAGE_SIZE];
  if (page->pinned) {
    return settle(page, true, true) &&
           machine_phys_write(vm->vmm->real, real_of(page), zero, sizeof zero);
  }
  pmap_forget(page);
  drop(page);
  page->ballooned = true;
  vm->paging.cleared++;
  return true;
}

bool pmap_pin(struct vm *vm, gpa_t at)
{
  if (!pmap_is_scattered(vm)) {
    return true;
  }
  struct pmap_page *page = &vm->pmap.page[at.v / ISA_PAGE_SIZE];
  page->pinned = settle(page, true, false);
  return page->pinned;
}

void pmap_unpin_all(struct vm *vm)
{
  for (uint32_t i = 0; pmap_is_scattered(vm) && i < vm->pmap.pages; i++) {
    vm->pmap.page[i].pinned = false;
  }
}

/* --------------------------------------------------------------------- digests */

#define AT_ONCE 64u /* pages */

static uint64_t digest_of(const struct pmap_page *page, const uint64_t *resident)
{
  switch (page->state) {
  case PAGE_ZERO:
    return 0;
  case PAGE_SWAPPED:
    return page->digest;
  case PAGE_FRAME:
    break;
  }
  return *resident;
}

/* Of pages that lie one behind the other. */
static void digest_some(struct vm *vm, const struct pmap_page *page, uint32_t count,
                        uint64_t *digests)
{
  uint32_t number[AT_ONCE], n = 0;
  uint64_t resident[AT_ONCE];
  for (uint32_t i = 0; i < count; i++) {
    if (page[i].state == PAGE_FRAME) {
      number[n++] = page[i].where;
    }
  }
  if (n > 0) {
    machine_page_digests(vm->vmm->real, number, n, resident);
  }
  n = 0;
  for (uint32_t i = 0; i < count; i++) {
    digests[i] = digest_of(&page[i], &resident[n]);
    n += page[i].state == PAGE_FRAME;
  }
}

/* Placement-free: pages count from the range's start. */
static uint64_t digest_pages(struct vm *vm, uint32_t first, uint32_t count)
{
  uint64_t sum = 0, digest[AT_ONCE];
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < AT_ONCE ? count - done : AT_ONCE;
    digest_some(vm, vm->pmap.page + first + done, n, digest);
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
  for (uint32_t i = 0; i < count; i++) {
    uint32_t real = vm->storage.start.v / ISA_PAGE_SIZE + pages[i];
    if (pmap_is_scattered(vm)) {
      digest_some(vm, &vm->pmap.page[pages[i]], 1, &digests[i]);
    } else {
      machine_page_digests(vm->vmm->real, &real, 1, &digests[i]);
    }
  }
}

/* ------------------------------------------------------------------- for people */

struct vmm_pages vmm_vm_pages(struct machine *m)
{
  struct vm *vm = vm_of(m);
  struct vmm_pages n = {.resident = pmap_is_scattered(vm) ? 0 : vm->pmap.pages};
  for (uint32_t i = 0; pmap_is_scattered(vm) && i < vm->pmap.pages; i++) {
    const struct pmap_page *page = &vm->pmap.page[i];
    bool resident = page->state == PAGE_FRAME;
    n.resident += resident;
    n.shared += resident && frame_of(vm->vmm, page->where)->refs > 1;
    n.zero += page->state == PAGE_ZERO;
    n.swapped += page->state == PAGE_SWAPPED;
    n.ballooned += page->ballooned;
  }
  return n;
}

struct vmm_page vmm_vm_page(struct machine *m, gpa_t at)
{
  struct vm *vm = vm_of(m);
  if (!pmap_is_scattered(vm)) {
    uint32_t page = at.v - at.v % ISA_PAGE_SIZE;
    return (struct vmm_page){
        .where = VMM_PAGE_FRAME, .frame = mpa(vm->storage.start.v + page), .sharers = 1};
  }
  const struct pmap_page *page = &vm->pmap.page[at.v / ISA_PAGE_SIZE];
  struct vmm_page answer = {.where = VMM_PAGE_ZERO, .ballooned = page->ballooned};
  if (page->state == PAGE_FRAME) {
    answer.where = VMM_PAGE_FRAME;
    answer.frame = mpa(real_of(page).v);
    answer.sharers = frame_of(vm->vmm, page->where)->refs;
  } else if (page->state == PAGE_SWAPPED) {
    answer.where = VMM_PAGE_SWAPPED;
    answer.slot = page->where;
  }
  return answer;
}

const struct vmm_paging *vmm_vm_paging(struct machine *m)
{
  return &vm_of(m)->paging;
}
