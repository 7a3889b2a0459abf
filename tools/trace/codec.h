/* The bytes of a trace file: numbers, events, checksums. docs/trace.md has the
 * format. Writer and reader keep the same struct codec, so that an event is told
 * by what is new about it.
 */
#ifndef TRAPEZE_TOOLS_TRACE_CODEC_H
#define TRAPEZE_TOOLS_TRACE_CODEC_H

#include "machine/trace.h"

#define TRACE_MAGIC        "\x89PG32T\r\n"
#define TRACE_MAGIC_SIZE   8u
#define TRACE_VERSION      1u
#define TRACE_MAX_MACHINES 256u
#define TRACE_MAX_BLOCK    (1u << 20)

/* Chunks, in the order in which they stand in a file; each is a tag, the length
 * of its payload as a number, the payload, and the payload's checksum, four bytes. */
#define CHUNK_HEADER    'H'
#define CHUNK_BEHAVIOUR 'B'
#define CHUNK_PROGRAM   'P'
#define CHUNK_SOURCE    'S'
#define CHUNK_MACHINE   'M'
#define CHUNK_EVENTS    'E'
#define CHUNK_NOTE      'N'
#define CHUNK_END       'Z'

#define CODEC_CACHE 1024u

struct codec_machine {
  uint64_t tick;
  uint32_t pc;
  uint32_t last[TRACE_KIND_COUNT][4];
};

/* Zeroed at the start of a file. */
struct codec {
  unsigned machine; /* of the last event */
  struct codec_machine machines[TRACE_MAX_MACHINES];
  struct {
    uint32_t pc, insn;
  } cache[CODEC_CACHE]; /* the word last seen at a pc */
};

/* The most bytes that an event or a number takes. */
#define CODEC_MAX_EVENT  40u
#define CODEC_MAX_NUMBER 10u

/* Both return what follows the bytes written. */
uint8_t *codec_put_number(uint8_t *to, uint64_t n);
uint8_t *codec_put_event(struct codec *c, uint8_t *to, unsigned machine,
                         const struct trace_event *event);

/* Bytes to be read; at never passes end. */
struct codec_bytes {
  const uint8_t *at, *end;
};
/* False: there is no whole number. */
bool codec_get_number(struct codec_bytes *b, uint64_t *n);
/* False: no event, or one that cannot be (*why says why). event->machine stays NULL. */
bool codec_get_event(struct codec *c, struct codec_bytes *b, unsigned machines, unsigned *machine,
                     struct trace_event *event, const char **why);

/* Of a chunk. */
uint32_t codec_checksum(int tag, const uint8_t *bytes, size_t len);

#endif
