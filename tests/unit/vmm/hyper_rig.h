/* A VM whose guest makes hypercalls: the test writes the page and the registers, and has the VM
 * execute one hcall at a time.
 */
#ifndef TRAPEZE_TESTS_UNIT_VMM_HYPER_RIG_H
#define TRAPEZE_TESTS_UNIT_VMM_HYPER_RIG_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "vmm/techniques/paravirt.h"
#include "vmm/vmm.h"

#define HYPER_RIG_STORAGE MACHINE_MIN_STORAGE
#define HYPER_RIG_SECTORS 64u
#define HYPER_RIG_CALLS   0x1000u /* hcall n and a jump to itself, at 8 * n */
#define HYPER_RIG_ENTRY   0x3000u /* a jump to itself; traps and events arrive here */
#define HYPER_RIG_PAGE    0x4000u
#define HYPER_RIG_BUFFER  0x8000u

struct hyper_rig {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real;
  struct vmm *vmm;
  struct machine *vm;
  struct machine *other; /* NULL, or a second VM of the same kind */
};

void hyper_rig_open(struct hyper_rig *r, const char *profile, enum vmm_technique technique);
void hyper_rig_close(struct hyper_rig *r);
/* A second one, with the same words in its storage. */
void hyper_rig_open_other(struct hyper_rig *r);
void hyper_load_calls(struct machine *m);

/* Executes `hcall n`, one tick; the answer. */
uint32_t hyper_ask(struct machine *m, uint32_t n, uint32_t a0, uint32_t a1);
void hyper_register(struct machine *m);
uint32_t hyper_word(struct machine *m, uint32_t offset);
void hyper_set(struct machine *m, uint32_t offset, uint32_t word);
/* Appends text to the output ring. */
void hyper_print(struct machine *m, const char *text);
/* Puts a request into the disk's ring. */
void hyper_request(struct machine *m, uint32_t command, uint32_t sector, uint32_t address,
                   uint32_t count);
uint32_t hyper_answer(struct machine *m, uint32_t i); /* of request i, counted from 0 */

#endif
