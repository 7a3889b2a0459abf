#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "machine/ops.h"

/* ---------------------------------------------------------------- programs */

static uint8_t *read_text(void *ctx, const char *path, size_t *len, const char **reason)
{
  (void)path;
  (void)reason;
  *len = strlen(ctx);
  return (uint8_t *)strdup(ctx);
}

void load_text(struct machine *m, const char *text)
{
  struct asm_options o = {.reader = {read_text, (void *)(uintptr_t)text}, .errors = stderr};
  struct asm_output out = {0};
  assert_int_equal(asm_assemble_raw("test.s", &o, &out), ASM_OK);
  assert_true(machine_phys_write(m, gpa(ISA_RESET_PC), out.bytes, (uint32_t)out.len));
  free(out.bytes);
}

/* ---------------------------------------------------------- faulty machines */

/* A machine's own operations, with `run` replaced. The machine points here. */
struct faulty_ops {
  struct machine_ops ops;
  const struct machine_ops *original;
  struct fault fault;
  bool done;
};

static void faulty_run(struct machine *m, uint64_t until, struct machine_stop *stop)
{
  struct faulty_ops *f = (struct faulty_ops *)(uintptr_t)m->ops;
  uint64_t now = machine_tick(m);
  bool due = !f->done && until > f->fault.at && until - now >= f->fault.min_run;
  if (due && now < f->fault.at) {
    f->original->run(m, f->fault.at, stop);
    if (stop->why != MACHINE_LIMIT)
      return;
  }
  if (due && f->fault.stop != MACHINE_LIMIT) {
    *stop = (struct machine_stop){.why = f->fault.stop, .reason = "a test took it"};
    return;
  }
  if (due && f->fault.apply) {
    f->fault.apply(m);
    f->done = true;
  }
  f->original->run(m, until, stop);
}

static void make_faulty(struct machine *m, const struct fault *fault)
{
  struct faulty_ops *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->ops = *m->ops;
  f->original = m->ops;
  f->fault = *fault;
  f->ops.run = faulty_run;
  f->ops.advance = NULL; /* machine_advance() comes through run */
  m->ops = &f->ops;
}

static struct machine *make_machine(const struct faulty_pairs *f, enum machine_engine engine,
                                    struct disk_store **disk)
{
  *disk = disk_store_memory(16);
  assert_non_null(*disk);
  struct machine_config config = {
      .profile = f->profile, .storage = 64u << 10, .disk = *disk, .engine = engine};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  load_text(m, f->text);
  return m;
}

static bool faulty_make(void *ctx, enum machine_engine engine, struct pair *pair,
                        const char **reason)
{
  struct faulty_pairs *f = ctx;
  f->alive++;
  if (++f->made == f->fail_at) {
    *reason = "a test refused it";
    return false;
  }
  pair->bare = make_machine(f, engine, &pair->disk[0]);
  pair->vm = make_machine(f, engine, &pair->disk[1]);
  make_faulty(pair->vm, &f->fault);
  return true;
}

static void faulty_destroy(void *ctx, struct pair *pair)
{
  ((struct faulty_pairs *)ctx)->alive--;
  if (pair->vm) {
    struct faulty_ops *f = (struct faulty_ops *)(uintptr_t)pair->vm->ops;
    pair->vm->ops = f->original;
    free(f);
  }
  machine_destroy(pair->vm);
  machine_destroy(pair->bare);
  for (unsigned i = 0; i < 2; i++)
    if (pair->disk[i])
      disk_store_destroy(pair->disk[i]);
}

struct pair_maker faulty_maker(struct faulty_pairs *f)
{
  return (struct pair_maker){faulty_make, faulty_destroy, f};
}
