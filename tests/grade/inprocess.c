/* For tests/grade/coverage.sh: linked instead of tools/grade/remote.c, it has the VMM use our
 * own modules in the judge's process, where gcov can count what the lab's tests reach in
 * them. The submission's process is started and never asked.
 */
#include "tools/grade/remote.h"

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

/* Each test is judged in a process that ends by _exit(), which gcov does not see. */
void __wrap__exit(int status)
{
  __gcov_dump();
  __real__exit(status);
}

/* Checks that call a module themselves rely on a remote one's having both. */
static void *create(void *with)
{
  return with;
}

static void destroy(void *state)
{
  (void)state;
}

static struct vmm_minidisk_module minidisk; /* of this process, which judges one test */

void remote_open(struct remote *r, int fd, unsigned modules, int stall_ms, uint32_t requests_max)
{
  (void)modules;
  (void)stall_ms;
  *r = (struct remote){.fd = fd, .requests_max = requests_max, .set = vmm_default_modules};
  minidisk = vmm_minidisk;
  minidisk.create = create;
  minidisk.destroy = destroy;
  r->set.minidisk = &minidisk;
  r->set.with = r;
}

void remote_settle(struct remote *r)
{
  (void)r;
}

unsigned remote_module_of(const char *file)
{
  (void)file;
  return 0;
}

const struct patch_module remote_patch;
