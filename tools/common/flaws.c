/* See flaws.h. */
#include "tools/common/flaws.h"

#include <string.h>

bool flaws_plant(const char *name, struct vmm_modules *set)
{
  *set = vmm_default_modules;
  set->unguarded = true;
  for (const struct flaw *f = flaws; f->name; f++) {
    if (strcmp(f->name, name) == 0) {
      f->plant(set);
      return true;
    }
  }
  return false;
}
