/* The virtual disk: the machine's own front end (machine/devices/disk.h) over a
 * mini-disk, and the VMM's driver for the real disk that serves them all.
 *
 * The virtual disk completes at the tick at which a bare machine's would. If the
 * real transfer is not done by then the VM is frozen: its clock stands while real
 * time passes. Reads start early, when the guest gives the command, so that the
 * VM seldom has to wait; writes cannot, since what they write is what storage
 * holds at the completion tick.
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
  uint32_t status = port_in(vmm, PORT_DISK_STATUS);
  return status == 0;
}

/* What was read early is in the bounce buffer: move it to its reader. */
static void collect(struct vmm *vmm, bool ok)
{
  struct vdisk *v = &vmm->reader->vdisk;
  v->ready = true;
  v->failed = !ok || !machine_phys_read(vmm->real, gpa(BOUNCE_START), v->buffer,
                                        v->count * MACHINE_SECTOR_SIZE);
  vmm->reader = NULL;
}

void vdisk_serve(struct vmm *vmm)
{
  if (vmm->reader && !busy(vmm)) {
    collect(vmm, port_in(vmm, PORT_DISK_STATUS) == 0);
  }
}

/* The real disk is about to be used by `vm`: whoever reads gets it done first. */
static void seize(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  if (vmm->reader) {
    bool ok = finish(vm);
    collect(vmm, ok);
  }
}

void vdisk_forget(struct vm *vm)
{
  if (vm->vmm->reader == vm) {
    seize(vm);
  }
}

/* --------------------------------------------- what the front end asks for */

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

static bool peek(void *ctx, uint32_t sector, void *buf)
{
  struct vm *vm = ctx;
  struct piece p = map(vm, sector, 1, false);
  if (p.at.ok && p.overlay) {
    return overlay_read(p.overlay, p.sector, buf);
  }
  return p.at.ok && machine_disk_peek(vm->vmm->real, p.at.sector, buf);
}

static bool poke(void *ctx, uint32_t sector, const void *buf)
{
  struct vm *vm = ctx;
  struct piece p = map(vm, sector, 1, true);
  if (p.at.ok && p.overlay) {
    return overlay_write(p.overlay, p.sector, buf);
  }
  return p.at.ok && vm->vmm->real->ops->disk_poke(vm->vmm->real, p.at.sector, buf);
}

static void begin(void *ctx, bool reading, uint32_t sector, uint32_t count)
{
  struct vm *vm = ctx;
  struct vdisk *v = &vm->vdisk;
  vdisk_forget(vm);
  v->begun = false;
  struct piece p = map(vm, sector, count, false); /* if there are more, they are read later */
  if (!reading || !p.at.ok || p.overlay || vm->vmm->reader) {
    return; /* not possible early, or the real disk is busy for another VM */
  }
  v->begun = true;
  v->ready = false;
  v->sector = p.at.sector;
  v->count = p.count;
  vm->vmm->reader = vm;
  start(vm->vmm, DISK_COMMAND_READ, p.at.sector, p.count);
}

static uint32_t read_now(struct vm *vm, uint32_t sector, uint32_t count, void *buf)
{
  struct vmm *vmm = vm->vmm;
  seize(vm);
  start(vmm, DISK_COMMAND_READ, sector, count);
  bool ok = finish(vm) &&
            machine_phys_read(vmm->real, gpa(BOUNCE_START), buf, count * MACHINE_SECTOR_SIZE);
  return ok ? count : 0;
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

static uint32_t read_piece(struct vm *vm, const struct piece *p, void *buf)
{
  struct vdisk *v = &vm->vdisk;
  if (!p->at.ok) {
    return 0;
  }
  if (p->overlay) {
    return read_overlay(p, buf);
  }
  if (!v->begun || v->sector != p->at.sector || v->count != p->count) {
    return read_now(vm, p->at.sector, p->count, buf);
  }
  if (!v->ready) {
    seize(vm);
  }
  v->begun = false;
  if (v->failed) {
    return 0;
  }
  memcpy(buf, v->buffer, p->count * MACHINE_SECTOR_SIZE);
  return p->count;
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

static uint32_t write_piece(struct vm *vm, const struct piece *p, const void *buf)
{
  struct vmm *vmm = vm->vmm;
  if (!p->at.ok) {
    return 0;
  }
  if (p->overlay) {
    return write_overlay(p, buf);
  }
  seize(vm);
  if (!machine_phys_write(vmm->real, gpa(BOUNCE_START), buf, p->count * MACHINE_SECTOR_SIZE)) {
    return 0;
  }
  start(vmm, DISK_COMMAND_WRITE, p->at.sector, p->count);
  return finish(vm) ? p->count : 0;
}

/* As on any disk, what comes before a sector that is refused is done. */
static uint32_t read(void *ctx, uint32_t sector, uint32_t count, void *buf)
{
  uint32_t done = 0;
  while (done < count) {
    struct piece p = map(ctx, sector + done, count - done, false);
    uint32_t n = read_piece(ctx, &p, (uint8_t *)buf + done * MACHINE_SECTOR_SIZE);
    done += n;
    if (n < p.count || n == 0) {
      break;
    }
  }
  return done;
}

static uint32_t write(void *ctx, uint32_t sector, uint32_t count, const void *buf)
{
  uint32_t done = 0;
  while (done < count) {
    struct piece p = map(ctx, sector + done, count - done, true);
    uint32_t n = write_piece(ctx, &p, (const uint8_t *)buf + done * MACHINE_SECTOR_SIZE);
    done += n;
    if (n < p.count || n == 0) {
      break;
    }
  }
  return done;
}

static uint32_t storage_size(void *ctx)
{
  const struct vm *vm = ctx;
  return vm->storage.size;
}

static bool dma_read(void *ctx, gpa_t at, void *buf, uint32_t len)
{
  struct vm *vm = ctx;
  return vm_ops.phys_read(&vm->machine, at, buf, len);
}

static bool dma_write(void *ctx, gpa_t at, const void *buf, uint32_t len)
{
  struct vm *vm = ctx;
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
    .storage_size = storage_size,
    .dma_read = dma_read,
    .dma_write = dma_write,
    .begin = begin,
};
