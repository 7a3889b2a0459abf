#include "hyper_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"

void hyper_load_calls(struct machine *m)
{
  uint32_t self = word_of(ISA_JAL, REG_ZERO, 0, 0, 0);
  for (uint32_t n = 0; n < 64; n++) {
    uint32_t at = HYPER_RIG_CALLS + 8 * n;
    assert_true(machine_phys_write_word(m, gpa(at), word_of(ISA_HCALL, 0, 0, 0, n)));
    assert_true(machine_phys_write_word(m, gpa(at + 4), self));
  }
  assert_true(machine_phys_write_word(m, gpa(HYPER_RIG_ENTRY), self));
}

static struct machine *make_vm(struct hyper_rig *r, const char *name, uint32_t first,
                               enum vmm_technique technique)
{
  const struct vmm_vm_config config = {.name = name,
                                       .technique = technique,
                                       .storage = HYPER_RIG_STORAGE,
                                       .disk_first = first,
                                       .disk_sectors = HYPER_RIG_SECTORS,
                                       .console_private = true};
  struct machine *m = vmm_create_vm(r->vmm, &config, NULL);
  assert_non_null(m);
  hyper_load_calls(m);
  return m;
}

void hyper_rig_open(struct hyper_rig *r, const char *profile, enum vmm_technique technique)
{
  *r = (struct hyper_rig){.profile = profile_load(profile, stderr)};
  r->disk = disk_store_memory(2 * HYPER_RIG_SECTORS);
  struct vmm_vm_config size = {.storage = HYPER_RIG_STORAGE};
  uint32_t each = (uint32_t)vmm_vm_footprint(&size, r->profile) + 2 * ISA_PAGE_SIZE;
  r->real = machine_create(&(struct machine_config){.profile = r->profile,
                                                    .storage = VMM_OWN_STORAGE + 2 * each,
                                                    .disk = r->disk},
                           NULL);
  r->vmm = vmm_create(r->real, NULL);
  assert_non_null(r->vmm);
  r->vm = make_vm(r, "vm", 0, technique);
}

void hyper_rig_open_other(struct hyper_rig *r)
{
  r->other = make_vm(r, "other", HYPER_RIG_SECTORS, VMM_TECHNIQUE_PARAVIRT);
}

void hyper_rig_close(struct hyper_rig *r)
{
  if (r->other) {
    machine_destroy(r->other);
  }
  machine_destroy(r->vm);
  vmm_destroy(r->vmm);
  machine_destroy(r->real);
  disk_store_destroy(r->disk);
  profile_destroy(r->profile);
}

uint32_t hyper_ask(struct machine *m, uint32_t n, uint32_t a0, uint32_t a1)
{
  uint64_t tick = machine_tick(m);
  machine_set_pc(m, HYPER_RIG_CALLS + 8 * n);
  machine_set_reg(m, REG_A0, a0);
  machine_set_reg(m, REG_A1, a1);
  machine_run(m, tick + 1);
  assert_int_equal(machine_tick(m), tick + 1);
  return machine_get_reg(m, REG_A0);
}

void hyper_register(struct machine *m)
{
  assert_int_equal(hyper_ask(m, HYPER_REGISTER, HYPER_RIG_PAGE, HYPER_RIG_ENTRY), HYPER_OK);
}

uint32_t hyper_word(struct machine *m, uint32_t offset)
{
  uint32_t word;
  assert_true(machine_phys_read_word(m, gpa(HYPER_RIG_PAGE + offset), &word));
  return word;
}

void hyper_set(struct machine *m, uint32_t offset, uint32_t word)
{
  assert_true(machine_phys_write_word(m, gpa(HYPER_RIG_PAGE + offset), word));
}

void hyper_print(struct machine *m, const char *text)
{
  uint32_t put = hyper_word(m, HYPER_PAGE_OUT_PUT);
  for (; *text; text++, put++) {
    gpa_t at = gpa(HYPER_RIG_PAGE + HYPER_PAGE_OUT + put % HYPER_OUT_SIZE);
    assert_true(machine_phys_write(m, at, text, 1));
  }
  hyper_set(m, HYPER_PAGE_OUT_PUT, put);
}

void hyper_request(struct machine *m, uint32_t command, uint32_t sector, uint32_t address,
                   uint32_t count)
{
  uint32_t put = hyper_word(m, HYPER_PAGE_DISK_PUT);
  uint32_t at = HYPER_PAGE_DISK + put % HYPER_DISK_SIZE * HYPER_DISK_BYTES;
  hyper_set(m, at + HYPER_DISK_COMMAND, command);
  hyper_set(m, at + HYPER_DISK_SECTOR, sector);
  hyper_set(m, at + HYPER_DISK_ADDRESS, address);
  hyper_set(m, at + HYPER_DISK_COUNT, count);
  hyper_set(m, HYPER_PAGE_DISK_PUT, put + 1);
}

uint32_t hyper_answer(struct machine *m, uint32_t i)
{
  return hyper_word(m, HYPER_PAGE_DISK + i % HYPER_DISK_SIZE * HYPER_DISK_BYTES);
}
