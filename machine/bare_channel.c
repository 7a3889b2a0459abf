#include "machine/bare.h"
#include "machine/trace_emit.h"

void channel_trace(const struct machine *m, uint64_t tick, const struct channel_program *p)
{
  if (__builtin_expect(m->tracer == NULL, 1)) {
    return;
  }
  for (uint32_t i = 0; i < p->count; i++) {
    const struct channel_step *s = &p->step[i];
    uint32_t word = s->command | (uint32_t)s->flags << CHANNEL_FLAGS_SHIFT |
                    (uint32_t)s->count << CHANNEL_COUNT_SHIFT;
    trace_emit(m, TRACE_CCW, tick, word, s->address, s->argument, s->at);
  }
}

static uint32_t start(struct bare *b, uint64_t after, uint32_t caw)
{
  enum channel_condition condition = channel_ready(b->devices.channel, caw);
  if (condition == CHANNEL_AVAILABLE) {
    struct channel_program p = channel_snapshot(&bare_disk_ops, b, caw);
    channel_trace(&b->machine, b->tick, &p);
    condition = channel_start(b->devices.channel, after, &p);
    bare_schedule(b);
  }
  if (!b->host_error) {
    b->host_error = devices_host_error(&b->devices);
  }
  return condition;
}

static void note(struct bare *b, enum machine_event event, uint32_t operand, uint32_t answer)
{
  if (b->stops.io) {
    stops_note(&b->stops, &(struct machine_hit){.event = event, .port = operand, .value = answer});
  }
}

uint32_t bare_channel_start(struct bare *b, uint64_t after, uint32_t caw)
{
  uint32_t condition = start(b, after, caw);
  trace_emit(&b->machine, TRACE_CHANNEL, b->tick, 0, caw, condition, 0);
  return condition;
}

uint32_t bare_channel_test(struct bare *b, uint32_t operand)
{
  uint32_t answer = channel_test(b->devices.channel, operand);
  trace_emit(&b->machine, TRACE_CHANNEL, b->tick, 1, operand, answer, 0);
  return answer;
}

uint32_t bare_insn_sio(struct bare *b, uint64_t after, uint32_t caw)
{
  uint32_t condition = bare_channel_start(b, after, caw);
  note(b, MACHINE_EVENT_SIO, caw, condition);
  return condition;
}

uint32_t bare_insn_tio(struct bare *b, uint32_t operand)
{
  uint32_t answer = bare_channel_test(b, operand);
  note(b, MACHINE_EVENT_TIO, operand, answer);
  return answer;
}
