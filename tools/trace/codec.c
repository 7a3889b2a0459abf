#include "tools/trace/codec.h"

#include <endian.h>
#include <string.h>

/* The first byte of an event. */
#define KIND_MASK    0x1fu
#define OTHER        0x20u /* a machine number follows: another than that of the last event */
#define SAME_TICK    0x40u /* no tick follows */
#define CACHED_INSN  0x80u /* no instruction follows: the one last seen at this pc */
#define A            1u
#define B            2u
#define C            4u
#define D            8u
#define B_IS_PC      16u
#define D_IS_INSN    32u
#define FIELDS_COUNT 4u

_Static_assert(TRACE_KIND_COUNT <= KIND_MASK, "a kind fits its bits");
_Static_assert(TRACE_TRAP == 0 && TRACE_SERVE == 8 && TRACE_INSN == 12 && TRACE_CCW == 14 &&
                   TRACE_FRAME == 15,
               "kinds are in files");

/* The fields that a kind has: the others are zero and not written. */
static const uint8_t fields[TRACE_KIND_COUNT] = {
    [TRACE_TRAP] = A | B | C | D | B_IS_PC | D_IS_INSN,
    [TRACE_DELIVER] = A | B | C | B_IS_PC,
    [TRACE_IO] = A | B | C,
    [TRACE_DEVICE] = A,
    [TRACE_WORLD_IN] = B | C | B_IS_PC,
    [TRACE_WORLD_OUT] = A | B | C | B_IS_PC,
    [TRACE_EMULATE] = A | B | D | B_IS_PC | D_IS_INSN,
    [TRACE_REFLECT] = A | B | C | B_IS_PC,
    [TRACE_SERVE] = A,
    [TRACE_MODE] = A | B | C | D | B_IS_PC | D_IS_INSN,
    [TRACE_STATE] = A | B | D | B_IS_PC | D_IS_INSN,
    [TRACE_MAP] = A | B | C | D,
    [TRACE_INSN] = B | C | D | B_IS_PC | D_IS_INSN,
    [TRACE_CHANNEL] = A | B | C,
    [TRACE_CCW] = A | B | C | D,
    [TRACE_INTERPRET] = A | B | D | B_IS_PC | D_IS_INSN,
    [TRACE_FRAME] = A | B | C | D,
    [TRACE_CODE] = A | B | C | D,
};

/* ------------------------------------------------------------------ numbers */

static inline uint8_t *put(uint8_t *to, uint64_t n)
{
  while (n >= 0x80) {
    *to++ = (uint8_t)(n | 0x80);
    n >>= 7;
  }
  *to++ = (uint8_t)n;
  return to;
}

uint8_t *codec_put_number(uint8_t *to, uint64_t n)
{
  return put(to, n);
}

bool codec_get_number(struct codec_bytes *b, uint64_t *n)
{
  *n = 0;
  for (unsigned shift = 0; b->at < b->end && shift < 64; shift += 7) {
    uint8_t byte = *b->at++;
    *n |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return shift < 63 || byte <= 1;
  }
  return false;
}

/* Small differences of either sign become small numbers. */
static inline uint64_t fold(uint64_t difference)
{
  return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t unfold(uint64_t n)
{
  return n >> 1 ^ (0 - (n & 1));
}

static inline uint32_t fold32(uint32_t difference)
{
  return difference << 1 ^ (uint32_t)((int32_t)difference >> 31);
}

static inline uint32_t unfold32(uint32_t n)
{
  return n >> 1 ^ (0 - (n & 1));
}

/* ------------------------------------------------------------------- events */

/* What field i is told against. */
static inline uint32_t *base_of(struct codec_machine *m, enum trace_kind kind, unsigned i)
{
  return i == 1 && (fields[kind] & B_IS_PC) ? &m->pc : &m->last[kind][i];
}

static inline unsigned slot_of(uint32_t pc)
{
  return pc / 4 % CODEC_CACHE;
}

/* What is new about a field since `last`, which it becomes. */
static inline uint8_t *put_field(uint8_t *to, uint32_t *last, uint32_t value)
{
  uint32_t n = fold32(value - *last);
  *last = value;
  if (n < 0x80) {
    *to++ = (uint8_t)n;
    return to;
  }
  return put(to, n);
}

/* `kind` is a constant where this is inlined: a kind's own few instructions. */
static inline __attribute__((always_inline)) uint8_t *
put_fields(struct codec *c, struct codec_machine *m, uint8_t *to, uint8_t *head,
           enum trace_kind kind, const struct trace_event *e)
{
  unsigned has = fields[kind];
  if (has & A)
    to = put_field(to, &m->last[kind][0], e->a);
  if (has & B)
    to = put_field(to, base_of(m, kind, 1), e->b);
  if (has & C)
    to = put_field(to, &m->last[kind][2], e->c);
  if (has & D_IS_INSN) {
    unsigned slot = slot_of(e->b);
    if (c->cache[slot].pc == e->b && c->cache[slot].insn == e->d) {
      *head |= CACHED_INSN;
    } else {
      to = put(to, e->d);
      c->cache[slot].pc = e->b;
      c->cache[slot].insn = e->d;
    }
  } else if (has & D) {
    to = put_field(to, &m->last[kind][3], e->d);
  }
  return to;
}

uint8_t *codec_put_event(struct codec *c, uint8_t *to, unsigned machine,
                         const struct trace_event *e)
{
  struct codec_machine *m = &c->machines[machine];
  uint8_t *first = to++;
  uint8_t head = (uint8_t)e->kind;
  if (machine != c->machine) {
    head |= OTHER;
    to = put(to, machine);
    c->machine = machine;
  }
  if (e->tick == m->tick) {
    head |= SAME_TICK;
  } else {
    to = put(to, fold(e->tick - m->tick));
    m->tick = e->tick;
  }
#define PUT(KIND)                                                                                  \
  case KIND:                                                                                       \
    to = put_fields(c, m, to, &head, KIND, e);                                                     \
    break;
  switch (e->kind) {
    PUT(TRACE_TRAP)
    PUT(TRACE_DELIVER)
    PUT(TRACE_IO)
    PUT(TRACE_DEVICE)
    PUT(TRACE_WORLD_IN)
    PUT(TRACE_WORLD_OUT)
    PUT(TRACE_EMULATE)
    PUT(TRACE_REFLECT)
    PUT(TRACE_SERVE)
    PUT(TRACE_MODE)
    PUT(TRACE_STATE)
    PUT(TRACE_MAP)
    PUT(TRACE_INSN)
    PUT(TRACE_CHANNEL)
    PUT(TRACE_CCW)
    PUT(TRACE_FRAME)
    PUT(TRACE_INTERPRET)
    PUT(TRACE_CODE)
  case TRACE_KIND_COUNT:
    break;
  }
#undef PUT
  *first = head;
  return to;
}

static bool get_word(struct codec_bytes *b, uint32_t *word)
{
  uint64_t n;
  if (!codec_get_number(b, &n) || n > UINT32_MAX)
    return false;
  *word = (uint32_t)n;
  return true;
}

static bool get_fields(struct codec *c, struct codec_bytes *b, unsigned machine, uint8_t head,
                       struct trace_event *e)
{
  struct codec_machine *m = &c->machines[machine];
  unsigned has = fields[e->kind];
  uint32_t value[FIELDS_COUNT] = {0};
  unsigned plain = has & D_IS_INSN ? has & (A | B | C) : has & (A | B | C | D);
  for (unsigned i = 0; i < FIELDS_COUNT; i++) {
    if (plain >> i & 1) {
      uint32_t *base = base_of(m, e->kind, i), n;
      if (!get_word(b, &n))
        return false;
      value[i] = *base += unfold32(n);
    }
  }
  if (has & D_IS_INSN) {
    unsigned slot = slot_of(value[1]);
    if (head & CACHED_INSN) {
      value[3] = c->cache[slot].insn;
    } else if (get_word(b, &value[3])) {
      c->cache[slot].pc = value[1];
      c->cache[slot].insn = value[3];
    } else {
      return false;
    }
  }
  e->a = value[0];
  e->b = value[1];
  e->c = value[2];
  e->d = value[3];
  return true;
}

/* Numbers that later index tables. */
static const char *implausible(const struct trace_event *e)
{
  switch (e->kind) {
  case TRACE_TRAP:
  case TRACE_DELIVER:
  case TRACE_DEVICE:
  case TRACE_REFLECT:
  case TRACE_SERVE:
    return isa_cause_info(e->a)->name ? NULL : "expected the number of a trap's cause";
  case TRACE_EMULATE:
  case TRACE_INTERPRET:
    return e->a < ISA_INSN_COUNT ? NULL : "expected the number of an instruction";
  case TRACE_STATE:
    return e->a <= MACHINE_STOPPED ? NULL : "expected the number of a run state";
  case TRACE_CHANNEL:
    return e->a <= 1 ? NULL : "expected a start (0) or a test (1) of the channel";
  case TRACE_FRAME:
    return e->a <= MACHINE_FRAME_DROPPED ? NULL : "expected what became of a frame";
  case TRACE_CODE:
    return e->a < TRACE_CODE_COUNT ? NULL : "expected what became of translated code";
  default:
    return NULL;
  }
}

bool codec_get_event(struct codec *c, struct codec_bytes *b, unsigned machines, unsigned *machine,
                     struct trace_event *e, const char **why)
{
  *e = (struct trace_event){0};
  *why = "expected an event";
  if (b->at == b->end)
    return false;
  uint8_t head = *b->at++;
  if ((head & KIND_MASK) >= TRACE_KIND_COUNT) {
    *why = "expected the number of a kind of event";
    return false;
  }
  e->kind = (enum trace_kind)(head & KIND_MASK);
  *machine = c->machine;
  if (head & OTHER) {
    uint64_t n;
    if (!codec_get_number(b, &n) || n >= machines) {
      *why = "expected the number of a machine that the trace names";
      return false;
    }
    *machine = c->machine = (unsigned)n;
  }
  struct codec_machine *m = &c->machines[*machine];
  if (!(head & SAME_TICK)) {
    uint64_t n;
    if (!codec_get_number(b, &n))
      return false;
    m->tick += unfold(n);
  }
  e->tick = m->tick;
  if (!get_fields(c, b, *machine, head, e))
    return false;
  const char *odd = implausible(e);
  *why = odd ? odd : *why;
  return !odd;
}

/* ---------------------------------------------------------------- checksums */

static inline uint64_t mix(uint64_t sum, uint64_t word)
{
  sum = (sum ^ le64toh(word)) * 0x9fb21c651e98df25u;
  return sum ^ sum >> 32;
}

/* Eight bytes at a time, the lowest first, zeros behind the last: xor, multiply. A
 * CRC of all that is written would cost a recorded run more than the events do. */
uint32_t codec_checksum(int tag, const uint8_t *bytes, size_t len)
{
  uint64_t sum = (uint64_t)(tag & 0xff) << 56 | len, word;
  for (; len >= 8; bytes += 8, len -= 8) {
    memcpy(&word, bytes, 8);
    sum = mix(sum, word);
  }
  if (len) {
    word = 0;
    memcpy(&word, bytes, len);
    sum = mix(sum, word);
  }
  return (uint32_t)sum;
}
