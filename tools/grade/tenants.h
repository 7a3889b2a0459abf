/* A submitted guest among others: virtual machines of several tenants on one real machine, under
 * a VMM that is sound or has a hole. What the others hold is drawn; whether it was read or
 * changed, and who had the processor, is looked at afterwards.
 */
#ifndef TRAPEZE_TOOLS_GRADE_TENANTS_H
#define TRAPEZE_TOOLS_GRADE_TENANTS_H

#include "machine/disk_store.h"
#include "tools/common/program.h"
#include "tools/grade/check.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

/* The submitted guest's machine is always the same to it. Its disk: sectors of its own, then
 * sectors that it shares with all others and may only read. */
#define TENANTS_STORAGE (64u << 10)
#define TENANTS_OWN     32u
#define TENANTS_SHARED  16u
/* Where a program of users lies that runs under a kernel of the lab's, and how long it is. */
#define TENANTS_USER      0x8000u
#define TENANTS_USER_SIZE 0x4000u
/* The word before a secret, wherever there is one. */
#define TENANTS_MARK 0x0b5e55edu
/* Two below the submitted guest's storage and disk, two above. */
#define TENANTS_OTHERS 4u

struct tenants_spec {
  const struct profile *profile;
  const struct image *guest;  /* submitted */
  const struct image *kernel; /* NULL, or guest is a program of its users */
  const struct image *other;  /* what the others run */
  const char *flaw;           /* NULL: the sound VMM */
  enum vmm_technique technique;
  uint32_t quantum;
  bool bare; /* no VMM at all, and no others */
  uint64_t random, ticks;
};

/* What was found when it was over. */
struct tenants_end {
  uint8_t *printed; /* malloc'd */
  size_t len;
  uint32_t secret;
  bool changed;         /* something of another's, or of what all may only read */
  unsigned percent;     /* of the processor's time, that the submitted guest had */
  enum machine_why why; /* how it ended */
};

/* False: the host failed, with a sentence in *reason. */
bool tenants_run(const struct tenants_spec *spec, struct tenants_end *end, const char **reason);

#endif
