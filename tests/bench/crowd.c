/* Many virtual machines that run the same program and take turns (vmm_run). */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "vmm/vmm.h"

#define TURN 100u /* ticks: so few that what counts is the change */

struct bench_crowd {
  struct machine *real;
  struct vmm *vmm;
  unsigned count;
  struct machine *vm[];
};

struct bench_crowd *bench_crowd_open(const struct profile *profile, const struct program *program,
                                     unsigned guests)
{
  const char *reason = "out of memory";
  struct machine_config config = {.profile = profile,
                                  .storage = VMM_OWN_STORAGE + guests * MACHINE_MIN_STORAGE};
  struct vmm_vm_config guest = {.storage = MACHINE_MIN_STORAGE};
  struct bench_crowd *c = calloc(1, sizeof *c + guests * sizeof *c->vm);
  if (c) {
    c->real = machine_create(&config, &reason);
    c->vmm = c->real ? vmm_create(c->real, &reason) : NULL;
  }
  while (c && c->vmm && c->count < guests) {
    c->vm[c->count] = vmm_create_vm(c->vmm, &guest, &reason);
    if (!c->vm[c->count] || !image_load(program->image, c->vm[c->count++], stderr)) {
      break;
    }
  }
  if (!c || c->count < guests) {
    fprintf(stderr, "bench: %u guests: %s\n", guests, reason);
    bench_crowd_close(c);
    return NULL;
  }
  vmm_set_quantum(c->vmm, TURN);
  vmm_run(c->vmm, 4u * TURN * guests); /* everyone's first turn decodes its program */
  return c;
}

void bench_crowd_close(struct bench_crowd *c)
{
  for (unsigned i = 0; c && i < c->count; i++) {
    machine_destroy(c->vm[i]);
  }
  if (c) {
    vmm_destroy(c->vmm);
    machine_destroy(c->real);
  }
  free(c);
}

bool bench_run_turns(struct bench *b, uint64_t count)
{
  struct bench_crowd *c = b->world.crowd;
  return vmm_run(c->vmm, machine_tick(c->real) + count * TURN).why == VMM_LIMIT;
}
