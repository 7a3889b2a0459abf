/* The virtual disk: the machine's own front end (machine/devices/disk.h) over a
 * mini-disk, and the VMM's driver for the real disk that serves them all.
 *
 * The virtual disk completes at the tick at which a bare machine's would. If the
 * real transfer is not done by then the VM is frozen: its clock stands while real
 * time passes. What the real disk has to do is a job, one for a VM at most. That of a
 * read begins when the guest gives the command, if the real disk is free, so that the VM
 * seldom has to wait. A write cannot: what it writes is what storage holds at the
 * completion tick.
 *
 * Under vmm_run() a VM stands still one tick early, at the last state that has an equal on
 * a bare machine, and others run. What storage holds then is written, and what the sectors
 * held is kept: until the clock has reached the completion tick nobody who looks at the
 * VM's disk sees the write. If the last instruction changes what was to be written,
 * it is written once more, and the VM keeps the processor while it waits for that.
 *
 * Over an extent with an overlay the real disk gives what the overlay has not, and is
 * never written. An overlay takes no time of the real machine, of which it is no part.
 *
 * The guest's address never reaches the real disk: transfers go through the
 * VMM's own storage, and the front end moves the bytes by the VM's phys_*, which
 * check it again.
 */
#include <string.h>

#include "machine/devices/ports.h"
#include "vmm/internal.h"

/* ------------------------------------------------ the driver of the real disk */

static uint32_t port_in(struct vmm *vmm, enum machine_port port)
{
  uint32_t value = 0;
  machine_port_in(vmm->real, port, &value);
  return value;
}

static void start(struct vmm *vmm, uint32_t command, uint32_t sector, uint32_t count)
{
  machine_port_out(vmm->real, PORT_DISK_SECTOR, sector);
  machine_port_out(vmm->real, PORT_DISK_ADDRESS, BOUNCE_START);
  machine_port_out(vmm->real, PORT_DISK_COUNT, count);
  machine_port_out(vmm->real, PORT_DISK_COMMAND, command);
}

static bool busy(struct vmm *vmm)
{
  return port_in(vmm, PORT_DISK_STATUS) & DISK_STATUS_BUSY;
}

/* Lets real time pass until the command under way is done. `vm` stands still
 * meanwhile. False: the real disk reports an error. */
static bool finish(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  uint64_t before = machine_tick(vmm->real);
  /* No one is running: the loan is over, and the timer would end the idling. */
  machine_set_cr(vmm->real, CR_TIMER, 0);
  while (busy(vmm)) {
    uint64_t next = machine_next_event(vmm->real);
    if (next == MACHINE_NEVER) {
      return false; /* busy, and nothing to come: a broken disk */
    }
    machine_idle(vmm->real, next);
    /* Other lines belong to the VMM as well, and nothing hangs on them. */
    machine_set_cr(vmm->real, CR_IPEND, 0);
  }
  vm->stats.frozen += machine_tick(vmm->real) - before;
  return port_in(vmm, PORT_DISK_STATUS) == 0;
}

/* --------------------------------------------- where the sectors are, in pieces */

/* The part of a transfer that lies in one extent, from its first sector on. */
struct piece {
  struct vmm_sector at;
  uint32_t count;
  struct overlay *overlay; /* the transfer is with this one, and not with the real disk, … */
  uint32_t sector;         /* … from this sector of the extent on */
};

/* A piece of an extent with an overlay: a write goes there, which to the disk below is
 * none; a read is of sectors that are all there, or that are all not. */
static struct piece overlaid(struct vm *vm, unsigned i, uint32_t sector, uint32_t count, bool write)
{
  struct overlay *o = vm->vdisk.overlays[i];
  bool there = write || overlay_has(o, sector);
  for (uint32_t n = 1; !write && n < count; n++) {
    if (overlay_has(o, sector + n) != there) {
      count = n;
    }
  }
  return (struct piece){vm->vmm->modules->minidisk->map(vm->state.minidisk, vm->vdisk.extents[i],
                                                        sector, count, false),
                        count, there ? o : NULL, sector};
}

/* The bounds of the extent are checked for the whole piece, before the real disk is
 * touched; the front end has checked that the transfer ends on the disk. */
static struct piece map(struct vm *vm, uint32_t sector, uint32_t count, bool write)
{
  const struct vdisk *v = &vm->vdisk;
  unsigned i = 0;
  while (i < v->extent_count && sector >= v->extents[i].sectors) {
    sector -= v->extents[i++].sectors;
  }
  if (i == v->extent_count) {
    return (struct piece){.count = 0};
  }
  uint32_t left = v->extents[i].sectors - sector;
  count = count < left ? count : left;
  if (v->overlays[i]) {
    return overlaid(vm, i, sector, count, write);
  }
  return (struct piece){
      vm->vmm->modules->minidisk->map(vm->state.minidisk, v->extents[i], sector, count, write),
      count, NULL, sector};
}

static uint8_t *bytes_of(struct vdisk *v, uint32_t sector)
{
  return v->buffer + sector * MACHINE_SECTOR_SIZE;
}

static uint32_t read_overlay(const struct piece *p, uint8_t *buf)
{
  uint32_t done = 0;
  while (done < p->count &&
         overlay_read(p->overlay, p->sector + done, buf + done * MACHINE_SECTOR_SIZE)) {
    done++;
  }
  return done;
}

static uint32_t write_overlay(const struct piece *p, const uint8_t *buf)
{
  uint32_t done = 0;
  while (done < p->count &&
         overlay_write(p->overlay, p->sector + done, buf + done * MACHINE_SECTOR_SIZE)) {
    done++;
  }
  return done;
}

/* ----------------------------------------------------------------------- jobs */

static bool start_piece(struct vm *vm, const struct piece *p)
{
  struct vmm *vmm = vm->vmm;
  struct vdisk_job *job = &vm->vdisk.job;
  uint32_t bytes = p->count * MACHINE_SECTOR_SIZE;
  if (job->write &&
      !machine_phys_write(vmm->real, gpa(BOUNCE_START), bytes_of(&vm->vdisk, job->done), bytes)) {
    return false;
  }
  start(vmm, job->write ? DISK_COMMAND_WRITE : DISK_COMMAND_READ, p->at.sector, p->count);
  job->piece = p->count;
  job->state = JOB_RUNS;
  vmm->disk_for = vm;
  return true;
}

/* As far as nobody has to wait for the real disk. As on any disk, what comes before a
 * sector that is refused is done. */
static void go_on(struct vm *vm)
{
  struct vdisk_job *job = &vm->vdisk.job;
  while (job->done < job->count) {
    struct piece p = map(vm, job->sector + job->done, job->count - job->done, job->write);
    if (!p.at.ok) {
      break;
    }
    if (!p.overlay && start_piece(vm, &p)) {
      return;
    }
    uint8_t *buf = bytes_of(&vm->vdisk, job->done);
    uint32_t n = !p.overlay ? 0 : job->write ? write_overlay(&p, buf) : read_overlay(&p, buf);
    job->done += n;
    if (n < p.count) {
      break;
    }
  }
  job->state = JOB_DONE;
  queue_thaw(vm);
}

static void start_next(struct vmm *vmm)
{
  while (!vmm->disk_for && vmm->disk_waiting > 0) {
    struct vm *first = NULL;
    for (struct vm *vm = vmm->vms; vm; vm = vm->next) {
      const struct vdisk_job *job = &vm->vdisk.job;
      if (job->state == JOB_WAITS && (!first || job->number < first->vdisk.job.number)) {
        first = vm;
      }
    }
    vmm->disk_waiting--;
    go_on(first);
  }
}

/* The real disk has done a piece, or refused it. */
static void collect(struct vmm *vmm, bool ok)
{
  struct vm *vm = vmm->disk_for;
  struct vdisk_job *job = &vm->vdisk.job;
  vmm->disk_for = NULL;
  if (ok && !job->write) {
    ok = machine_phys_read(vmm->real, gpa(BOUNCE_START), bytes_of(&vm->vdisk, job->done),
                           job->piece * MACHINE_SECTOR_SIZE);
  }
  if (ok) {
    job->done += job->piece;
  } else {
    job->count = job->done;
  }
  go_on(vm);
  start_next(vmm);
}

void vdisk_serve(struct vmm *vmm)
{
  if (vmm->disk_for && !busy(vmm)) {
    collect(vmm, port_in(vmm, PORT_DISK_STATUS) == 0);
  }
}

void vdisk_end(struct vmm *vmm)
{
  collect(vmm, !busy(vmm) && port_in(vmm, PORT_DISK_STATUS) == 0);
}

static void submit(struct vm *vm, bool write, uint32_t sector, uint32_t count)
{
  struct vmm *vmm = vm->vmm;
  vm->vdisk.job = (struct vdisk_job){.state = JOB_WAITS,
                                     .write = write,
                                     .sector = sector,
                                     .wanted = count,
                                     .count = count,
                                     .number = vmm->disk_jobs++};
  vmm->disk_waiting++;
  start_next(vmm);
}

/* The VM stands still, and has the processor, until its job is done. */
static void wait_for(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  while (vm->vdisk.job.state != JOB_DONE) {
    bool ok = finish(vm);
    collect(vmm, ok);
  }
}

void vdisk_seize(struct vm *vm)
{
  while (vm->vmm->disk_for) {
    bool ok = finish(vm);
    collect(vm->vmm, ok);
  }
}

static bool is_job(const struct vdisk *v, bool write, uint32_t sector, uint32_t count)
{
  const struct vdisk_job *job = &v->job;
  return job->state != JOB_NONE && job->write == write && job->sector == sector &&
         job->wanted == count;
}

bool vdisk_waits(const struct vm *vm)
{
  enum job_state state = vm->vdisk.job.state;
  return state == JOB_WAITS || state == JOB_RUNS;
}

/* --------------------------------------------- what the front end asks for */

/* Of this sector of the virtual disk. */
static uint8_t *kept(struct vdisk *v, uint32_t sector)
{
  return bytes_of(v, DISK_MAX_COUNT + sector - v->job.sector);
}

static bool is_kept(const struct vdisk *v, uint32_t sector)
{
  return v->job.early && range_contains(v->job.sector, v->job.wanted, sector, 1);
}

struct vmm_place vdisk_place(struct vm *vm, uint32_t sector, uint32_t count, bool write)
{
  struct piece p = map(vm, sector, count, write);
  return (struct vmm_place){p.at.ok && p.count > 0, p.overlay != NULL, p.at.sector, p.count};
}

static bool peek(void *ctx, uint32_t sector, void *buf)
{
  struct vm *vm = ctx;
  if (is_kept(&vm->vdisk, sector)) {
    memcpy(buf, kept(&vm->vdisk, sector), MACHINE_SECTOR_SIZE);
    return true;
  }
  struct piece p = map(vm, sector, 1, false);
  if (p.at.ok && p.overlay) {
    return overlay_read(p.overlay, p.sector, buf);
  }
  return p.at.ok && machine_disk_peek(vm->vmm->real, p.at.sector, buf);
}

static bool put(struct vm *vm, uint32_t sector, const void *buf)
{
  struct piece p = map(vm, sector, 1, true);
  if (p.at.ok && p.overlay) {
    return overlay_write(p.overlay, p.sector, buf);
  }
  return p.at.ok && vm->vmm->real->ops->disk_poke(vm->vmm->real, p.at.sector, buf);
}

/* A write whose time has not come, and will not: it has not been. */
void vdisk_forget(struct vm *vm)
{
  struct vdisk *v = &vm->vdisk;
  uint32_t written = v->job.early ? v->job.wanted : 0; /* some of them by a piece that failed */
  if (v->job.state == JOB_WAITS) {
    vm->vmm->disk_waiting--;
    written = 0;
    queue_thaw(vm);
  } else if (v->job.state == JOB_RUNS) {
    wait_for(vm);
  }
  for (uint32_t i = 0; i < written; i++) {
    put(vm, v->job.sector + i, kept(v, v->job.sector + i));
  }
  v->job = (struct vdisk_job){.state = JOB_NONE};
}

static bool poke(void *ctx, uint32_t sector, const void *buf)
{
  struct vm *vm = ctx;
  if (vm->vdisk.job.early) {
    vdisk_forget(vm);
  }
  return put(vm, sector, buf);
}

static bool needs_real_disk(struct vm *vm, const struct disk_command *c)
{
  for (uint32_t done = 0; done < c->count;) {
    struct piece p = map(vm, c->sector + done, c->count - done, c->write);
    if (!p.at.ok || !p.overlay) {
      return p.at.ok;
    }
    done += p.count;
  }
  return false;
}

static void begin(void *ctx, bool reading, uint32_t sector, uint32_t count)
{
  struct vm *vm = ctx;
  vdisk_forget(vm);
  struct disk_command c = {.sector = sector, .count = count};
  if (reading && !vm->vmm->disk_for && needs_real_disk(vm, &c)) {
    submit(vm, false, sector, count);
  }
}

/* False: it cannot be. */
static bool keep(struct vm *vm, const struct disk_command *c)
{
  bool ok = true;
  for (uint32_t i = 0; ok && i < c->count; i++) {
    ok = peek(vm, c->sector + i, bytes_of(&vm->vdisk, DISK_MAX_COUNT + i));
  }
  return ok;
}

uint64_t vdisk_horizon(struct vm *vm)
{
  struct disk_command c;
  if (!disk_under_way(vm->devices.disk, &c) || c.due == vm->vdisk.unkept ||
      !needs_real_disk(vm, &c) ||
      (is_job(&vm->vdisk, c.write, c.sector, c.count) && vm->vdisk.job.state == JOB_DONE)) {
    return MACHINE_NEVER;
  }
  return c.due - 1;
}

bool vdisk_freezes(struct vm *vm)
{
  struct vdisk *v = &vm->vdisk;
  struct disk_command c;
  if (vdisk_horizon(vm) != vm->cpu.tick || !disk_under_way(vm->devices.disk, &c)) {
    return false;
  }
  vcpu_settle(vm->vmm);
  if (is_job(v, c.write, c.sector, c.count)) {
    return true;
  }
  vdisk_forget(vm);
  if (c.write && !(keep(vm, &c) &&
                   pmap_read_out(vm, gpa(c.address), v->buffer, c.count * MACHINE_SECTOR_SIZE))) {
    v->unkept = c.due;
    return false;
  }
  submit(vm, c.write, c.sector, c.count);
  v->job.early = c.write;
  return vdisk_waits(vm);
}

static uint32_t read(void *ctx, uint32_t sector, uint32_t count, void *buf)
{
  struct vm *vm = ctx;
  struct vdisk *v = &vm->vdisk;
  if (!is_job(v, false, sector, count)) {
    vdisk_forget(vm);
    submit(vm, false, sector, count);
  }
  wait_for(vm);
  v->job.state = JOB_NONE;
  memcpy(buf, v->buffer, v->job.done * MACHINE_SECTOR_SIZE);
  return v->job.done;
}

static uint32_t write(void *ctx, uint32_t sector, uint32_t count, const void *buf)
{
  struct vm *vm = ctx;
  struct vdisk *v = &vm->vdisk;
  size_t bytes = count * MACHINE_SECTOR_SIZE;
  if (!is_job(v, true, sector, count) || memcmp(v->buffer, buf, bytes) != 0) {
    vdisk_forget(vm);
    memcpy(v->buffer, buf, bytes);
    submit(vm, true, sector, count);
  }
  wait_for(vm);
  uint32_t done = v->job.done;
  v->job = (struct vdisk_job){.state = JOB_NONE};
  return done;
}

uint32_t vdma_size(void *ctx)
{
  const struct vm *vm = ctx;
  return vm->storage.size;
}

bool vdma_read(void *ctx, gpa_t at, void *buf, uint32_t len)
{
  return pmap_read_out(ctx, at, buf, len);
}

static bool meets_table(const struct vm *vm, gpa_t at, uint32_t len)
{
  bool meets = false;
  for (uint32_t i = 0; i < vm->pinned_count; i++) {
    meets = meets || range_overlaps(vm->pinned[i], ISA_PAGE_SIZE, at.v, len);
  }
  return meets;
}

bool vdma_write(void *ctx, gpa_t at, const void *buf, uint32_t len)
{
  struct vm *vm = ctx;
  if (meets_table(vm, at, len)) {
    return false;
  }
  if (vm->stops.watch_count > 0) {
    vm_note_transfer(vm, at, buf, len);
  }
  return vm_ops.phys_write(&vm->machine, at, buf, len);
}

const struct disk_ops vdisk_ops = {
    .peek = peek,
    .poke = poke,
    .read = read,
    .write = write,
    .storage_size = vdma_size,
    .dma_read = vdma_read,
    .dma_write = vdma_write,
    .begin = begin,
    .transfer = vchannel_transfer,
};
