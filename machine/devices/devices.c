#include "machine/devices/devices.h"

#include <stdlib.h>

#include "machine/devices/ports.h"
#include "machine/digest.h"
#include "machine/ops.h"

bool devices_create(struct devices *d, uint32_t sectors, const struct disk_ops *ops, void *ctx)
{
  d->console = console_create();
  d->disk = disk_create(sectors, ops, ctx);
  if (!d->console || !d->disk) {
    devices_destroy(d);
    return false;
  }
  return true;
}

void devices_destroy(struct devices *d)
{
  disk_destroy(d->disk);
  console_destroy(d->console);
  *d = (struct devices){0};
}

bool devices_port_in(struct devices *d, uint64_t now, uint32_t port, uint32_t *value)
{
  return console_port_in(d->console, now, port, value) || disk_port_in(d->disk, now, port, value);
}

bool devices_port_out(struct devices *d, uint64_t now, uint32_t port, uint32_t value)
{
  return console_port_out(d->console, now, port, value) || disk_port_out(d->disk, now, port, value);
}

bool devices_port_exists(uint32_t port)
{
  switch (port) {
  case PORT_CONSOLE_DATA:
  case PORT_CONSOLE_STATUS:
  case PORT_DISK_SECTOR:
  case PORT_DISK_ADDRESS:
  case PORT_DISK_COUNT:
  case PORT_DISK_COMMAND:
  case PORT_DISK_STATUS:
  case PORT_DISK_SIZE:
    return true;
  default:
    return false;
  }
}

bool devices_at(uint64_t at, uint32_t size)
{
  return at >= MMIO_START && at <= UINT32_MAX && at % 4 == 0 && size == 4 &&
         devices_port_exists(devices_port_at((uint32_t)at));
}

uint32_t devices_port_at(uint32_t at)
{
  return (at - MMIO_START) / 4;
}

uint64_t devices_next_event(const struct devices *d)
{
  uint64_t console = console_next_event(d->console), disk = disk_next_event(d->disk);
  return console < disk ? console : disk;
}

uint32_t devices_fire(struct devices *d, uint64_t now)
{
  uint32_t causes = 0;
  causes |= console_fire(d->console, now) ? 1u << CAUSE_CONSOLE : 0;
  causes |= disk_fire(d->disk, now) ? 1u << CAUSE_DISK : 0;
  return causes;
}

const char *devices_host_error(const struct devices *d)
{
  return console_host_error(d->console);
}

/* ---------------------------------------------------------------- saved state */

bool devices_save(const struct devices *d, struct machine_blob *blob)
{
  struct state_writer w = {0};
  *blob = (struct machine_blob){0};
  console_save(d->console, &w);
  disk_save(d->disk, &w);
  if (w.failed) {
    free(w.bytes);
    return false;
  }
  *blob = (struct machine_blob){.bytes = w.bytes, .len = w.len};
  return true;
}

bool devices_load(struct devices *d, const struct machine_blob *blob)
{
  struct state_reader r = {.bytes = blob->bytes, .len = blob->len};
  struct console_state *console = console_load(&r);
  if (!console) {
    return false;
  }
  struct disk_state *disk = disk_load(d->disk, &r);
  if (!disk) {
    goto discard_console;
  }
  if (r.at != r.len) {
    disk_discard(disk);
    goto discard_console;
  }
  /* The disk first: it alone can still fail. */
  if (!disk_commit(d->disk, disk)) {
    goto discard_console;
  }
  console_commit(d->console, console);
  return true;

discard_console:
  console_discard(console);
  return false;
}

uint64_t devices_digest(const struct devices *d, uint64_t now)
{
  return digest_add(console_digest(d->console), disk_digest(d->disk, now));
}

/* ---------------------------------------------------------------------- marks */

bool devices_mark(const struct devices *d, struct devices_mark *mark)
{
  mark->console = console_mark(d->console);
  mark->disk = disk_front_copy(d->disk);
  return mark->disk != NULL;
}

void devices_return(struct devices *d, const struct devices_mark *mark)
{
  console_return(d->console, &mark->console);
  disk_front_restore(d->disk, mark->disk);
}

void devices_mark_release(struct devices_mark *mark)
{
  free(mark->disk);
  mark->disk = NULL;
}
