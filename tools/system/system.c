#include "tools/system/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/setup.h"

struct system_store {
  struct system_config config;
  struct directory_host host;
  struct directory *directory;
  struct program *programs; /* of users; several may be the same */
  size_t program_count;
  struct overlay_file *swap; /* NULL: none, or in memory */
};

static int out_of_memory(const struct system *s)
{
  message_error(s->own->config.command, "out of memory");
  return STATUS_OURS;
}

/* ----------------------------------------------------------------- the directory */

static struct profile *other_profile(void *ctx, const char *name, FILE *errors)
{
  const struct system_config *c = ctx;
  struct profile *p = profile_load(c->profile ? c->profile : name, errors);
  if (!p || (!c->mmu && !c->io))
    return p;
  struct profile *changed = profile_override(p, c->mmu, c->io, errors);
  int error = errno;
  profile_destroy(p);
  errno = error;
  return changed;
}

static int read_directory(struct system *s)
{
  struct system_store *own = s->own;
  own->host = directory_files;
  if (own->config.profile || own->config.mmu || own->config.io) {
    struct profile *p = other_profile(&own->config, "pg", stderr);
    if (!p) /* else the directory would be blamed for it */
      return errno ? STATUS_OURS : STATUS_USAGE;
    profile_destroy(p);
    own->host.ctx = &own->config;
    own->host.profile = other_profile;
  }
  own->directory = directory_load(own->config.path, &own->host, stderr);
  if (!own->directory)
    return errno ? STATUS_OURS : STATUS_USAGE;
  s->directory = own->directory;
  s->count = s->directory->user_count;
  s->users = calloc(s->count, sizeof *s->users);
  own->programs = calloc(s->count, sizeof *own->programs);
  return s->users && own->programs ? STATUS_DONE : out_of_memory(s);
}

/* --------------------------------------------------------------- disk and machine */

static int open_image(struct system *s)
{
  static const enum disk_store_mode modes[] = {[DIRECTORY_WRITE] = DISK_STORE_WRITE,
                                               [DIRECTORY_READONLY] = DISK_STORE_READONLY,
                                               [DIRECTORY_DISCARD] = DISK_STORE_DISCARD};
  const struct directory *d = s->directory;
  const char *reason = "cannot be opened";
  s->disk = disk_store_open(
      d->image, s->own->config.copy_disk ? DISK_STORE_DISCARD : modes[d->disk_mode], &reason);
  if (!s->disk) {
    int status = errno ? STATUS_OURS : STATUS_USAGE;
    message_error(s->own->config.command, "disk '%s': %s", d->image, reason);
    return status;
  }
  if (disk_store_sectors(s->disk) == d->sectors)
    return STATUS_DONE;
  message_error(s->own->config.command, "disk '%s': its size has just changed", d->image);
  return STATUS_USAGE;
}

static int open_disk(struct system *s)
{
  const struct directory *d = s->directory;
  if (d->disk == DIRECTORY_NO_DISK)
    return STATUS_DONE;
  if (d->disk == DIRECTORY_IMAGE)
    return open_image(s);
  s->disk = disk_store_memory(d->sectors);
  return s->disk ? STATUS_DONE : out_of_memory(s);
}

static int refused(const struct system *s, const char *what, const char *name, const char *reason)
{
  int status = host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE;
  message_error(s->own->config.command, "no %s%s%s: %s", what, name ? " for " : "",
                name ? name : "", reason);
  return status;
}

/* A file of the host, empty at first, or memory. */
static int open_swap(struct system *s, struct overlay_store *store)
{
  const struct directory *d = s->directory;
  const char *reason = "cannot be opened";
  if (!d->swap_file || s->own->config.copy_disk)
    return overlay_memory(store) ? STATUS_DONE : out_of_memory(s);
  errno = 0;
  s->own->swap = overlay_file_open(d->swap_file, OVERLAY_FILE_CREATE, &reason);
  if (s->own->swap) {
    *store = overlay_file_store(s->own->swap);
    if (store->size(store->ctx) == 0)
      return STATUS_DONE;
    message_error(s->own->config.command,
                  "swap file '%s': it is not empty; a swap file holds nothing between two runs",
                  d->swap_file);
    return STATUS_USAGE;
  }
  int status = host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE;
  message_error(s->own->config.command, "swap file '%s': %s", d->swap_file, reason);
  return status;
}

static int set_storage_policy(struct system *s)
{
  const struct directory *d = s->directory;
  const struct vmm_storage_policy policy = {.scattered = true,
                                            .scan_ticks = d->scan ? DIRECTORY_SCAN_TICKS : 0,
                                            .scan_pages = d->scan};
  struct overlay_store store;
  vmm_set_storage_policy(s->vmm, &policy);
  int status = d->swap > 0 ? open_swap(s, &store) : STATUS_DONE;
  if (status != STATUS_DONE || d->swap == 0)
    return status;
  return vmm_set_swap(s->vmm, &store, d->swap / ISA_PAGE_SIZE) ? STATUS_DONE : out_of_memory(s);
}

static int make_machine(struct system *s)
{
  const struct system_config *c = &s->own->config;
  const struct machine_config config = {.profile = s->directory->profile,
                                        .storage = s->directory->storage,
                                        .disk = s->disk,
                                        .engine = c->engine};
  const char *reason = "out of memory";
  errno = 0;
  s->real = machine_create(&config, &reason);
  if (!s->real)
    return refused(s, "machine", NULL, reason);
  s->vmm = vmm_create(s->real, &reason);
  if (!s->vmm)
    return refused(s, "virtual machine monitor", NULL, reason);
  if (s->directory->frames > 0) {
    int status = set_storage_policy(s);
    if (status != STATUS_DONE)
      return status;
  }
  vmm_set_costs(s->vmm, c->costs);
  if (c->quantum)
    vmm_set_quantum(s->vmm, c->quantum);
  return STATUS_DONE;
}

/* ----------------------------------------------------------------- virtual machines */

static struct vmm_extent extent_of(const struct directory *d, const struct directory_minidisk *m)
{
  bool readonly = m->access != DIRECTORY_RW;
  return (struct vmm_extent){m->extent.first, m->extent.sectors,
                             readonly || d->disk_mode == DIRECTORY_READONLY};
}

/* The allocator, given the users in this order, must come to what the directory said. */
static bool is_as_proposed(const struct system_user *u)
{
  const struct directory_user *e = u->entry;
  struct vmm_allocation a = vmm_vm_allocation(u->vm);
  bool same = (a.scattered || a.storage.start.v == e->storage.start.v) && a.storage.size == e->storage.size &&
              a.extent_count == e->minidisk_count;
  for (size_t i = 0; same && i < e->minidisk_count; i++)
    same = a.extents[i].first == e->minidisks[i].extent.first &&
           a.extents[i].sectors == e->minidisks[i].extent.sectors;
  return same;
}

/* False: no memory. */
static bool take_station(const struct system *s, const struct directory_user *e,
                         struct vmm_station *station)
{
  uint32_t *peers = reallocarray(NULL, e->peer_count + 1, sizeof *peers);
  for (size_t i = 0; peers && i < e->peer_count; i++)
    peers[i] = s->directory->users[e->peers[i]].address;
  *station = (struct vmm_station){.address = e->address,
                                  .network = (unsigned)e->network,
                                  .peers = peers,
                                  .peer_count = (unsigned)e->peer_count};
  return peers != NULL;
}

static struct machine *create_vm(struct system *s, const struct system_user *u, const char **reason)
{
  const struct directory_user *e = u->entry;
  struct vmm_station station = {0};
  struct vmm_extent extents[DIRECTORY_MAX_MINIDISKS];
  for (size_t i = 0; i < e->minidisk_count; i++)
    extents[i] = extent_of(s->directory, &e->minidisks[i]);
  const struct vmm_vm_config config = {.name = e->name,
                                       .technique = e->technique,
                                       .memory = e->memory,
                                       .hints = e->hints,
                                       .storage = e->storage.size,
                                       .extents = extents,
                                       .extent_count = (unsigned)e->minidisk_count,
                                       .overlays = u->overlays.of,
                                       .station = e->network >= 0 ? &station : NULL,
                                       .console_private = true, /* consoles.c shows it */
                                       .share = e->share,
                                       .timer_real = e->timer == DIRECTORY_REAL};
  if (e->network >= 0 && !take_station(s, e, &station))
    return NULL;
  struct machine *vm = vmm_create_vm(s->vmm, &config, reason);
  free((uint32_t *)station.peers);
  return vm;
}

static int make_vm(struct system *s, struct system_user *u)
{
  const struct directory_user *e = u->entry;
  const char *reason = "out of memory";
  errno = 0;
  u->vm = create_vm(s, u, &reason);
  if (!u->vm)
    return refused(s, "virtual machine", e->name, reason);
  if (is_as_proposed(u))
    return STATUS_DONE;
  message_error(s->own->config.command, "the VMM gave '%s' other resources than the directory says",
                e->name);
  return STATUS_OURS;
}

/* ---------------------------------------------------------------- programs and input */

static int load_program(struct system *s, struct system_user *u)
{
  struct system_store *own = s->own;
  for (size_t i = 0; i < own->program_count && !u->program; i++)
    if (strcmp(own->programs[i].name, u->entry->program) == 0)
      u->program = &own->programs[i];
  if (!u->program) {
    struct program *p = &own->programs[own->program_count];
    int status = program_load(own->config.command, u->entry->program, p);
    if (status != STATUS_DONE)
      return status;
    own->program_count++;
    u->program = p;
  }
  return image_load(u->program->image, u->vm, stderr) ? STATUS_DONE : STATUS_USAGE;
}

static int type_file(struct system *s, struct system_user *u, const char *path)
{
  const struct system_config *c = &s->own->config;
  uint8_t *bytes;
  size_t len;
  int status = file_read(c->command, path, SETUP_MAX_INPUT, &bytes, &len);
  if (status != STATUS_DONE)
    return status;
  bool done = inputlog_type(&u->input, bytes, len, c->rate);
  free(bytes);
  if (!done)
    return out_of_memory(s);
  inputlog_feed(&u->input, u->vm);
  return STATUS_DONE;
}

static int give_input(struct system *s)
{
  int status = STATUS_DONE;
  while (s->typist < s->count && s->users[s->typist].entry->console.input)
    s->typist++;
  for (size_t i = 0; i < s->count && status == STATUS_DONE; i++)
    if (s->users[i].entry->console.input)
      status = type_file(s, &s->users[i], s->users[i].entry->console.input);
  if (s->typist == s->count)
    s->typist = 0;
  else if (status == STATUS_DONE && s->own->config.standard_input)
    status = type_file(s, &s->users[s->typist], "-");
  return status;
}

/* -------------------------------------------------------------------------- life */

static int make_users(struct system *s)
{
  int status = STATUS_DONE;
  for (size_t i = 0; i < s->count && status == STATUS_DONE; i++) {
    struct system_user *u = &s->users[i];
    u->entry = &s->directory->users[i];
    status = overlays_open(&u->overlays, s->own->config.command, u->entry, s->disk,
                           s->own->config.copy_disk);
    if (status == STATUS_DONE)
      status = make_vm(s, u);
    if (status == STATUS_DONE)
      status = load_program(s, u);
  }
  return status;
}

int system_create(struct system *s, const struct system_config *config)
{
  *s = (struct system){.own = calloc(1, sizeof(struct system_store))};
  if (!s->own) {
    message_error(config->command, "out of memory");
    return STATUS_OURS;
  }
  s->own->config = *config;
  int status = read_directory(s);
  if (status == STATUS_DONE)
    status = open_disk(s);
  if (status == STATUS_DONE)
    status = make_machine(s);
  if (status == STATUS_DONE)
    status = make_users(s);
  return status == STATUS_DONE ? give_input(s) : status;
}

static int close_disk(struct system *s, int status)
{
  const char *failure = s->disk ? disk_store_failure(s->disk) : NULL;
  if (failure && status != STATUS_OURS) {
    message_error(s->own->config.command, "the disk%s%s: %s", s->directory->image ? " " : "",
                  s->directory->image ? s->directory->image : "", failure);
    status = status > STATUS_SIGNAL ? status : STATUS_OURS;
  }
  disk_store_destroy(s->disk);
  return status;
}

/* What it holds is nobody's any more. */
static int close_swap(struct system *s, int status)
{
  struct overlay_file *f = s->own->swap;
  const char *failure = f ? overlay_file_failure(f) : NULL;
  if (failure && status != STATUS_OURS) {
    message_error(s->own->config.command, "swap file '%s': %s", s->directory->swap_file, failure);
    status = status > STATUS_SIGNAL ? status : STATUS_OURS;
  }
  if (f) {
    struct overlay_store store = overlay_file_store(f);
    store.clear(store.ctx);
  }
  overlay_file_close(f);
  return status;
}

int system_destroy(struct system *s, int status)
{
  for (size_t i = 0; s->users && i < s->count; i++) {
    struct system_user *u = &s->users[i];
    machine_destroy(u->vm);
    inputlog_destroy(&u->input);
    status = overlays_close(&u->overlays, s->own->config.command, u->entry, status);
  }
  vmm_destroy(s->vmm);
  machine_destroy(s->real);
  if (!s->own)
    return status;
  status = close_swap(s, close_disk(s, status));
  for (size_t i = 0; i < s->own->program_count; i++)
    program_destroy(&s->own->programs[i]);
  free(s->own->programs);
  free(s->users);
  directory_destroy(s->own->directory);
  free(s->own);
  *s = (struct system){0};
  return status;
}
