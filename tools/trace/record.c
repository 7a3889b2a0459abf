#include "tools/trace/record.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/trace/codec.h"

/* Events of a block; each ends up in a chunk of its own. */
#define BLOCK_BYTES 65536u
#define STACK_SIZE  (256u << 10)
/* Of a source line. */
#define MAX_LINE 1000u

/* Few enough to stay in a cache on their way from one processor to the other; and
 * the encoder is woken for several batches at a time, which is what costs. */
#define BATCH   512u
#define WAKE    8u
#define BATCHES 16u

struct trace_recorder {
  struct tracer tracer; /* first: what machines call */
  struct file_out out;
  const char *command;
  unsigned machine_count;
  struct machine *machines[TRACE_MAX_MACHINES];
  const char *names[TRACE_MAX_MACHINES]; /* as events point to them */
  bool failed;                           /* and the user was told */
  int error;                             /* errno of the first write that failed */

  /* Batches go round: the one at `first % BATCHES` is next to be encoded, the one at
   * `last % BATCHES` is being filled. A thread of its own encodes and writes, so that
   * the run does not wait for it; the order of events, and so the file, is that of the run. */
  struct trace_event *raw; /* BATCHES times BATCH: the tracer's `at` and `end` lie in it */
  unsigned counts[BATCHES];
  pthread_t thread;
  void *stack; /* its own: what glibc keeps of a thread for the next one looks like a leak */
  pthread_mutex_t lock;
  pthread_cond_t work, space; /* there is some */
  unsigned wake_at;           /* batches */
  bool waits;                 /* the machine's thread, for space */
  unsigned first, last;       /* under lock, but for the owner's reading of last */
  bool closing;

  /* The encoder's. */
  struct codec codec;
  uint64_t count;    /* events written, in all */
  uint64_t in_block; /* in `block` */
  uint8_t *end;      /* of what is in `block` */
  uint8_t block[BLOCK_BYTES + CODEC_MAX_EVENT + CODEC_MAX_NUMBER];
};

static void fail(struct trace_recorder *r, const char *what, const char *name, int error)
{
  if (r->failed)
    return;
  r->failed = true;
  if (error == ENOMEM)
    message_error(r->command, "out of memory");
  else
    message_error(r->command, "cannot %s '%s': %s", what, name, strerror(error));
}

static void no_memory(struct trace_recorder *r)
{
  fail(r, "", "", ENOMEM);
}

/* ------------------------------------------------------------------- chunks */

static void put_chunk(struct trace_recorder *r, int tag, const uint8_t *bytes, size_t len)
{
  FILE *out = r->out.stream;
  uint8_t length[CODEC_MAX_NUMBER];
  fputc(tag, out);
  fwrite(length, 1, (size_t)(codec_put_number(length, len) - length), out);
  if (len > 0) /* bytes may be NULL: the source of an image that names none */
    fwrite(bytes, 1, len, out);
  uint32_t sum = codec_checksum(tag, bytes, len);
  for (unsigned i = 0; i < 4; i++)
    fputc((int)(sum >> 8 * i & 0xff), out);
  if (ferror(out) && !r->error)
    r->error = errno;
}

/* A payload that is put together in memory. */
struct payload {
  bool failed; /* out of memory */
  uint8_t *bytes;
  size_t len, size;
};

static uint8_t *room(struct payload *p, size_t len)
{
  if (p->size - p->len < len) {
    size_t size = 2 * (p->size + len) + 1024;
    uint8_t *moved = p->failed ? NULL : realloc(p->bytes, size);
    if (!moved) {
      p->failed = true;
      return NULL;
    }
    p->bytes = moved;
    p->size = size;
  }
  return p->bytes + p->len;
}

static void number(struct payload *p, uint64_t n)
{
  uint8_t *at = room(p, CODEC_MAX_NUMBER);
  if (at)
    p->len += (size_t)(codec_put_number(at, n) - at);
}

/* A name may hold anything; in a trace no text has a control character. */
static void text_of(struct payload *p, const char *s, size_t len)
{
  number(p, len);
  uint8_t *at = room(p, len);
  if (!at)
    return;
  for (size_t i = 0; i < len; i++)
    at[i] = (uint8_t)(iscntrl((unsigned char)s[i]) ? ' ' : s[i]);
  p->len += len;
}

static void text(struct payload *p, const char *s)
{
  text_of(p, s, s ? strlen(s) : 0);
}

static void payload_close(struct trace_recorder *r, struct payload *p, int tag)
{
  if (p->failed)
    no_memory(r);
  else
    put_chunk(r, tag, p->bytes, p->len);
  free(p->bytes);
}

/* ---------------------------------------------------------- before the events */

static void put_header(struct trace_recorder *r, const struct trace_record_config *c)
{
  struct payload p = {0};
  text(&p, c->command);
  text(&p, c->program->name);
  text(&p, profile_name(c->profile));
  text(&p, profile_title(c->profile));
  number(&p, profile_modes(c->profile));
  number(&p, c->classes);
  payload_close(r, &p, CHUNK_HEADER);
}

/* What the system instructions do in user mode: a reader has not the profile. */
static void put_behaviours(struct trace_recorder *r, const struct profile *profile)
{
  struct payload p = {0};
  unsigned user = profile_user_mode(profile);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM) {
      text(&p, isa_insn_info((enum isa_insn)i)->mnemonic);
      text(&p, profile_behaviour(profile, (enum isa_insn)i, user)->name);
    }
  }
  payload_close(r, &p, CHUNK_BEHAVIOUR);
}

struct source_line {
  const char *file;
  unsigned line;
};

static int compare_lines(const void *a, const void *b)
{
  const struct source_line *x = a, *y = b;
  int files = x->file == y->file ? 0 : strcmp(x->file, y->file);
  return files ? files : (x->line > y->line) - (x->line < y->line);
}

/* Puts the lines of one file that `all` names; those it does not have are left out.
 * False: the host refused, see errno. */
static bool put_file(struct payload *p, const struct source_line *all, size_t count, FILE *in)
{
  char *line = NULL;
  size_t size = 0, next = 0;
  bool first = true;
  for (unsigned n = 1; next < count && getline(&line, &size, in) >= 0; n++) {
    if (n < all[next].line)
      continue;
    while (next < count && all[next].line <= n)
      next++;
    line[strcspn(line, "\r\n")] = 0;
    if (strlen(line) > MAX_LINE)
      line[MAX_LINE] = 0;
    text(p, first ? all[0].file : ""); /* empty: the same file */
    number(p, n);
    text(p, line);
    first = false;
  }
  int error = errno;
  free(line);
  errno = error;
  return next == count || feof(in);
}

static FILE *open_source(const char *file)
{
  const struct embedded_file *f = guests_file(file);
  return f ? fmemopen((void *)(uintptr_t)f->bytes, f->len, "r") : fopen(file, "r");
}

static void put_files(struct trace_recorder *r, struct payload *p, const struct source_line *all,
                      size_t count)
{
  for (size_t i = 0, next; i < count; i = next) {
    for (next = i; next < count && strcmp(all[next].file, all[i].file) == 0;)
      next++;
    errno = 0;
    FILE *in = open_source(all[i].file);
    bool done = in ? put_file(p, &all[i], next - i, in) : !host_at_fault(errno);
    if (!done)
      fail(r, "read", all[i].file, errno);
    if (in)
      fclose(in);
  }
}

/* The text of each line that the line table names, call sites too. */
static void put_source(struct trace_recorder *r, const struct image *image)
{
  size_t line_count, count = 0;
  const struct image_line *lines = image_lines(image, &line_count);
  for (size_t i = 0; i < line_count; i++)
    for (const struct image_line *l = &lines[i]; l; l = l->via)
      count++;
  struct source_line *all = calloc(count + 1, sizeof *all), *to = all;
  struct payload p = {0};
  if (!all) {
    no_memory(r);
    return;
  }
  for (size_t i = 0; i < line_count; i++)
    for (const struct image_line *l = &lines[i]; l; l = l->via)
      *to++ = (struct source_line){l->file, l->line};
  qsort(all, count, sizeof *all, compare_lines);
  put_files(r, &p, all, count);
  free(all);
  payload_close(r, &p, CHUNK_SOURCE);
}

/* -------------------------------------------------------------------- events */

static void flush_block(struct trace_recorder *r)
{
  if (r->in_block == 0)
    return;
  /* The count goes before the events, where room was left for it. */
  uint8_t count[CODEC_MAX_NUMBER];
  size_t len = (size_t)(codec_put_number(count, r->in_block) - count);
  uint8_t *start = r->block + CODEC_MAX_NUMBER - len;
  memcpy(start, count, len);
  put_chunk(r, CHUNK_EVENTS, start, (size_t)(r->end - start));
  r->count += r->in_block;
  r->in_block = 0;
  r->end = r->block + CODEC_MAX_NUMBER;
}

static void encode(struct trace_recorder *r, const struct trace_event *event, unsigned count)
{
  const struct trace_event *end = event + count;
  unsigned machine = 0;
  while (event < end) {
    const struct trace_event *first = event;
    uint8_t *to = r->end;
    for (; event < end && to - r->block < BLOCK_BYTES; event++) {
      if (r->names[machine] != event->machine)
        for (machine = 0; r->names[machine] != event->machine;)
          machine++;
      to = codec_put_event(&r->codec, to, machine, event);
    }
    r->end = to;
    r->in_block += (uint64_t)(event - first);
    if (to - r->block >= BLOCK_BYTES)
      flush_block(r);
  }
}

static void *encoder(void *ctx)
{
  struct trace_recorder *r = ctx;
  pthread_mutex_lock(&r->lock);
  for (;;) {
    while (r->last - r->first < r->wake_at && !r->closing)
      pthread_cond_wait(&r->work, &r->lock);
    if (r->first == r->last)
      break;
    r->wake_at = 1; /* until there is nothing left */
    unsigned at = r->first % BATCHES;
    pthread_mutex_unlock(&r->lock);
    encode(r, r->raw + at * BATCH, r->counts[at]);
    pthread_mutex_lock(&r->lock);
    if (++r->first == r->last)
      r->wake_at = WAKE;
    if (r->waits)
      pthread_cond_signal(&r->space);
  }
  pthread_mutex_unlock(&r->lock);
  return NULL;
}

/* Until no more than so many batches wait to be encoded. Under lock. */
static void wait_for(struct trace_recorder *r, unsigned batches)
{
  r->waits = true;
  while (r->last - r->first > batches)
    pthread_cond_wait(&r->space, &r->lock);
  r->waits = false;
}

/* Hands the batch over and waits for another to be free. */
static void hand_over(struct trace_recorder *r)
{
  struct trace_event *start = r->raw + r->last % BATCHES * BATCH;
  r->counts[r->last % BATCHES] = (unsigned)(r->tracer.at - start);
  pthread_mutex_lock(&r->lock);
  r->last++;
  if (r->last - r->first >= r->wake_at)
    pthread_cond_signal(&r->work);
  wait_for(r, BATCHES - 1);
  pthread_mutex_unlock(&r->lock);
  r->tracer.at = r->raw + r->last % BATCHES * BATCH;
  r->tracer.end = r->tracer.at + BATCH;
}

/* Afterwards all is encoded, and the file is ours until the next event. */
static void drain(struct trace_recorder *r)
{
  hand_over(r);
  pthread_mutex_lock(&r->lock);
  r->wake_at = 1;
  pthread_cond_signal(&r->work);
  wait_for(r, 0);
  pthread_mutex_unlock(&r->lock);
  flush_block(r);
}

static void full(struct tracer *tracer)
{
  hand_over((struct trace_recorder *)tracer);
}

/* ---------------------------------------------------------------------- life */

static void choose(struct trace_recorder *r, unsigned classes)
{
  _Static_assert(ISA_CAUSE_LIMIT <= 32, "a bit for each cause");
  bool sensitive = classes >> CLASS_SENSITIVE & 1, all = classes >> CLASS_INSTRUCTIONS & 1;
  struct tracer *t = &r->tracer;
  t->full = full;
  t->instructions = all;
  t->sensitive = sensitive;
  for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
    for (uint32_t a = 0; a < 32; a++)
      t->keep[kind] |= (classes >> trace_class_of((enum trace_kind)kind, a) & 1) << a;
  t->keep[TRACE_INSN] = UINT32_MAX; /* the machine has chosen */
  r->end = r->block + CODEC_MAX_NUMBER;
}

/* Signals are for the thread that runs the machines. */
static bool start_encoder(struct trace_recorder *r)
{
  sigset_t all, before;
  pthread_attr_t attributes;
  r->raw = calloc(BATCHES * BATCH, sizeof *r->raw);
  r->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  r->tracer.at = r->raw;
  r->tracer.end = r->raw + BATCH;
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->work, NULL);
  pthread_cond_init(&r->space, NULL);
  r->wake_at = WAKE;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_init(&attributes);
  bool started = r->raw && r->stack != MAP_FAILED &&
                 pthread_attr_setstack(&attributes, r->stack, STACK_SIZE) == 0 &&
                 pthread_create(&r->thread, &attributes, encoder, r) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

static void stop_encoder(struct trace_recorder *r)
{
  pthread_mutex_lock(&r->lock);
  r->closing = true;
  pthread_cond_signal(&r->work);
  pthread_mutex_unlock(&r->lock);
  pthread_join(r->thread, NULL);
}

static void destroy(struct trace_recorder *r)
{
  pthread_cond_destroy(&r->space);
  pthread_cond_destroy(&r->work);
  pthread_mutex_destroy(&r->lock);
  if (r->stack != MAP_FAILED)
    munmap(r->stack, STACK_SIZE);
  free(r->raw);
  free(r);
}

int trace_record_open(struct trace_recorder **result, const struct trace_record_config *c)
{
  *result = NULL;
  struct trace_recorder *r = calloc(1, sizeof *r);
  if (!r || !start_encoder(r)) {
    message_error(c->command, "out of memory");
    if (r)
      destroy(r);
    return STATUS_OURS;
  }
  int status = file_out_open(&r->out, c->command, c->path);
  if (status != STATUS_DONE) {
    stop_encoder(r);
    destroy(r);
    return status;
  }
  r->command = c->command;
  choose(r, c->classes);
  fwrite(TRACE_MAGIC, 1, TRACE_MAGIC_SIZE, r->out.stream);
  fputc(TRACE_VERSION, r->out.stream);
  put_header(r, c);
  put_behaviours(r, c->profile);
  put_chunk(r, CHUNK_PROGRAM, c->program->bytes, c->program->len);
  put_source(r, c->program->image);
  *result = r;
  return STATUS_DONE;
}

static unsigned index_of(const struct trace_recorder *r, const struct machine *m)
{
  unsigned i = 0;
  while (i < r->machine_count && r->machines[i] != m)
    i++;
  return i;
}

bool trace_record_failed(const struct trace_recorder *r)
{
  return r->failed;
}

bool trace_record_machine(struct trace_recorder *r, struct machine *m, struct machine *parent,
                          const struct vmm_allocation *given)
{
  static const struct vmm_allocation nothing;
  if (r->machine_count == TRACE_MAX_MACHINES)
    return false;
  struct payload p = {0};
  drain(r);
  const struct vmm_allocation *g = given ? given : &nothing;
  text(&p, machine_name(m));
  number(&p, parent ? index_of(r, parent) + 1 : 0);
  number(&p, machine_storage_size(m));
  number(&p, machine_disk_sectors(m));
  number(&p, g->storage.start.v);
  number(&p, g->disk_first);
  number(&p, g->disk_readonly);
  payload_close(r, &p, CHUNK_MACHINE);
  r->machines[r->machine_count] = m;
  r->names[r->machine_count++] = machine_name(m);
  machine_set_tracer(m, &r->tracer);
  return true;
}

void trace_record_note(struct trace_recorder *r, struct machine *m, uint64_t tick, const char *note)
{
  struct payload p = {0};
  drain(r);
  number(&p, index_of(r, m));
  number(&p, tick);
  text(&p, note);
  payload_close(r, &p, CHUNK_NOTE);
}

static void forget_machines(struct trace_recorder *r)
{
  for (unsigned i = 0; i < r->machine_count; i++)
    machine_set_tracer(r->machines[i], NULL);
  r->machine_count = 0;
}

static void put_end(struct trace_recorder *r, const char *end)
{
  struct payload p = {0};
  drain(r);
  number(&p, r->count);
  text(&p, end);
  for (unsigned i = 0; i < r->machine_count; i++)
    number(&p, machine_tick(r->machines[i]));
  payload_close(r, &p, CHUNK_END);
}

void trace_record_stop(struct trace_recorder *r, const char *end)
{
  put_end(r, end);
  forget_machines(r);
}

uint64_t trace_record_count(const struct trace_recorder *r)
{
  return r->count;
}

int trace_record_close(struct trace_recorder *r)
{
  int status = STATUS_OURS;
  stop_encoder(r);
  if (r->error)
    fail(r, "write", r->out.path, r->error);
  if (r->failed)
    file_out_abandon(&r->out);
  else
    status = file_out_commit(&r->out);
  destroy(r);
  return status;
}

void trace_record_abandon(struct trace_recorder *r)
{
  if (!r)
    return;
  forget_machines(r);
  stop_encoder(r);
  file_out_abandon(&r->out);
  destroy(r);
}
