#include "machine/devices/devices.h"

#include <stdlib.h>

#include "machine/devices/ports.h"
#include "machine/digest.h"
#include "machine/ops.h"

bool devices_create(struct devices *d, uint32_t sectors, uint32_t station,
                    const struct devices_ops *ops, void *ctx)
{
  d->console = console_create();
  d->disk = disk_create(sectors, ops->disk, ctx);
  d->channel = channel_create(d->console, d->disk, ops->disk, ctx);
  d->net = net_create(station, ops->net, ctx);
  if (!d->console || !d->disk || !d->channel || !d->net) {
    devices_destroy(d);
    return false;
  }
  console_tells(d->console, &d->note.console);
  disk_tells(d->disk, &d->note.disk);
  channel_tells(d->channel, &d->note.channel);
  net_tells(d->net, &d->note.net);
  return true;
}

void devices_destroy(struct devices *d)
{
  net_destroy(d->net);
  channel_destroy(d->channel);
  disk_destroy(d->disk);
  console_destroy(d->console);
  *d = (struct devices){0};
}

bool devices_port_in(struct devices *d, uint64_t now, uint32_t port, uint32_t *value)
{
  return console_port_in(d->console, now, port, value) || disk_port_in(d->disk, now, port, value) ||
         net_port_in(d->net, now, port, value);
}

bool devices_port_out(struct devices *d, uint64_t now, uint32_t port, uint32_t value)
{
  return console_port_out(d->console, now, port, value) ||
         disk_port_out(d->disk, now, port, value) || net_port_out(d->net, now, port, value);
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
  case PORT_NET_STATION:
  case PORT_NET_SEND_AT:
  case PORT_NET_SEND_LENGTH:
  case PORT_NET_RECEIVE_AT:
  case PORT_NET_COMMAND:
  case PORT_NET_STATUS:
  case PORT_NET_RECEIVED:
  case PORT_NET_DROPPED:
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

uint32_t devices_fire_those_due(struct devices *d, uint64_t now)
{
  uint32_t causes = 0;
  causes |= console_fire(d->console, now) ? 1u << CAUSE_CONSOLE : 0;
  causes |= disk_fire(d->disk, now) ? 1u << CAUSE_DISK : 0;
  causes |= channel_fire(d->channel, now) ? 1u << CAUSE_CHANNEL : 0;
  causes |= net_fire(d->net, now) ? 1u << CAUSE_NETWORK : 0;
  return causes;
}

/* ---------------------------------------------------------------- saved state */

bool devices_save(const struct devices *d, struct machine_blob *blob)
{
  struct state_writer w = {0};
  *blob = (struct machine_blob){0};
  console_save(d->console, &w);
  disk_save(d->disk, &w);
  channel_save(d->channel, &w);
  net_save(d->net, &w);
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
  struct channel_front *channel = channel_load(d->channel, &r);
  struct net_state *net = channel ? net_load(d->net, &r) : NULL;
  if (!net || r.at != r.len) {
    disk_discard(disk);
    goto discard_net;
  }
  /* The disk first: it alone can still fail. */
  if (!disk_commit(d->disk, disk)) {
    goto discard_net;
  }
  channel_front_restore(d->channel, channel);
  free(channel);
  console_commit(d->console, console);
  net_commit(d->net, net);
  return true;

discard_net:
  if (net) {
    net_discard(net);
  }
  free(channel);
discard_console:
  console_discard(console);
  return false;
}

uint64_t devices_digest(const struct devices *d, uint64_t now)
{
  uint64_t digest = digest_add(console_digest(d->console), disk_digest(d->disk, now));
  digest = digest_add(digest, channel_digest(d->channel, now));
  return digest_add(digest, net_digest(d->net, now));
}

/* ---------------------------------------------------------------------- marks */

bool devices_mark(const struct devices *d, struct devices_mark *mark)
{
  mark->console = console_mark(d->console);
  mark->disk = disk_front_copy(d->disk);
  mark->channel = channel_front_copy(d->channel);
  mark->net = net_mark(d->net);
  return mark->disk && mark->channel && mark->net;
}

void devices_return(struct devices *d, const struct devices_mark *mark)
{
  console_return(d->console, &mark->console);
  disk_front_restore(d->disk, mark->disk);
  channel_front_restore(d->channel, mark->channel);
  net_return(d->net, mark->net);
}

void devices_mark_release(struct devices_mark *mark)
{
  free(mark->disk);
  free(mark->channel);
  free(mark->net);
  mark->disk = NULL;
  mark->channel = NULL;
  mark->net = NULL;
}
