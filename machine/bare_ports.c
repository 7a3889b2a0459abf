#include "machine/bare.h"
#include "machine/trace_emit.h"

bool bare_port_in(struct bare *b, uint64_t after, uint32_t port, uint32_t *value)
{
  if (!devices_port_in(&b->devices, after, port, value)) {
    return false;
  }
  trace_emit(&b->machine, TRACE_IO, b->tick, port, *value, 0, 0);
  return true;
}

bool bare_port_out(struct bare *b, uint64_t after, uint32_t port, uint32_t value)
{
  if (!devices_port_out(&b->devices, after, port, value)) {
    return false;
  }
  if (!b->host_error) {
    b->host_error = devices_host_error(&b->devices);
  }
  bare_schedule(b);
  trace_emit(&b->machine, TRACE_IO, b->tick, port, value, 1, 0);
  return true;
}

static void note(struct bare *b, enum machine_event event, uint32_t port, uint32_t value)
{
  if (b->stops.io) {
    stops_note(&b->stops, &(struct machine_hit){.event = event, .port = port, .value = value});
  }
}

bool bare_insn_in(struct bare *b, uint64_t after, uint32_t port, uint32_t *value)
{
  if (!bare_port_in(b, after, port, value)) {
    bare_set_trap(b, CAUSE_BUS, port);
    return false;
  }
  note(b, MACHINE_EVENT_IN, port, *value);
  return true;
}

bool bare_insn_out(struct bare *b, uint64_t after, uint32_t port, uint32_t value)
{
  if (!bare_port_out(b, after, port, value)) {
    bare_set_trap(b, CAUSE_BUS, port);
    return false;
  }
  note(b, MACHINE_EVENT_OUT, port, value);
  return true;
}
