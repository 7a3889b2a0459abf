/* Deliberately wrong VMM modules: what the random programs must find. */
#ifndef TRAPEZE_TESTS_RANDOM_FAULTS_H
#define TRAPEZE_TESTS_RANDOM_FAULTS_H

#include "vmm/modules.h"

struct fault {
  const char *name;
  const char *sentence;
  struct vmm_modules modules;
};

/* NULL: no such fault. */
const struct fault *fault_find(const char *name);
/* The table; ends with name NULL. */
const struct fault *fault_all(void);

#endif
