/* See wire_chain.h. */
#include "labs/runner/wire_chain.h"

static uint64_t pair(uint32_t low, uint32_t high)
{
  return low | (uint64_t)high << 32;
}

static uint32_t low(uint64_t v)
{
  return (uint32_t)v;
}

static uint32_t high(uint64_t v)
{
  return (uint32_t)(v >> 32);
}

/* Command, flags and count, which both kinds of CCW have. */
static uint32_t head(uint8_t command, uint8_t flags, uint16_t count)
{
  return command | (uint32_t)flags << 8 | (uint32_t)count << 16;
}

static uint32_t at_most(uint64_t n, uint32_t max)
{
  return n > max ? max : (uint32_t)n;
}

void wire_put_program(uint64_t *v, const struct channel_program *p)
{
  *v++ = p->refused;
  *v++ = p->refused_at;
  *v++ = p->unit;
  *v++ = at_most(p->count, WIRE_STEPS);
  for (uint32_t i = 0; i < at_most(p->count, WIRE_STEPS); i++) {
    const struct channel_step *s = &p->step[i];
    *v++ = head(s->command, s->flags, s->count);
    *v++ = pair(s->address, s->argument);
    *v++ = s->at;
  }
}

void wire_get_program(const uint64_t *v, struct channel_program *p)
{
  *p = (struct channel_program){.refused = v[0] != 0,
                                .refused_at = low(v[1]),
                                .unit = low(v[2]),
                                .count = at_most(v[3], WIRE_STEPS)};
  v += 4;
  for (uint32_t i = 0; i < p->count; i++, v += 3) {
    p->step[i] = (struct channel_step){.command = (uint8_t)v[0],
                                       .flags = (uint8_t)(v[0] >> 8),
                                       .count = (uint16_t)(v[0] >> 16),
                                       .address = low(v[1]),
                                       .argument = high(v[1]),
                                       .at = low(v[2])};
  }
}

void wire_put_transfer(uint64_t *v, const struct channel_transfer *t)
{
  *v++ = t->write;
  *v++ = t->sector;
  *v++ = t->sectors;
  *v++ = at_most(t->count, WIRE_PIECES);
  for (uint32_t i = 0; i < at_most(t->count, WIRE_PIECES); i++) {
    *v++ = pair(t->piece[i].address, t->piece[i].len);
  }
}

void wire_get_transfer(const uint64_t *v, struct channel_transfer *t)
{
  *t = (struct channel_transfer){.write = v[0] != 0,
                                 .sector = low(v[1]),
                                 .sectors = low(v[2]),
                                 .count = at_most(v[3], WIRE_PIECES)};
  for (uint32_t i = 0; i < t->count; i++) {
    t->piece[i] = (struct channel_piece){.address = low(v[4 + i]), .len = high(v[4 + i])};
  }
}

void wire_put_chain(uint64_t *v, const struct vmm_real_chain *c)
{
  *v++ = (uint64_t)c->kind;
  *v++ = c->sectors;
  *v++ = at_most(c->count, WIRE_STEPS);
  for (uint32_t i = 0; i < at_most(c->count, WIRE_STEPS); i++) {
    const struct vmm_real_ccw *w = &c->ccw[i];
    *v++ = head(w->command, w->flags, w->count);
    *v++ = pair(w->address.v, w->argument);
  }
}

void wire_get_chain(const uint64_t *v, struct vmm_real_chain *c)
{
  *c = (struct vmm_real_chain){
      .kind = (enum vmm_chain_kind)v[0], .sectors = low(v[1]), .count = at_most(v[2], WIRE_STEPS)};
  v += 3;
  for (uint32_t i = 0; i < c->count; i++, v += 2) {
    c->ccw[i] = (struct vmm_real_ccw){.command = (uint8_t)v[0],
                                      .flags = (uint8_t)(v[0] >> 8),
                                      .count = (uint16_t)(v[0] >> 16),
                                      .address = {low(v[1])},
                                      .argument = high(v[1])};
  }
}
