/* Lab 5: a binary mended before it runs. Where an instruction is sensitive and does not trap,
 * another word stands in its place that does, and what stood there is done by the monitor.
 *
 * As the modules of the VMM (vmm/modules.h) this one sees the world only through an
 * environment, of which it has load, decode, behaviour, behaviour_of and user_mode.
 */
#ifndef TRAPEZE_LABS_PATCH_H
#define TRAPEZE_LABS_PATCH_H

#include "vmm/modules.h"

struct patch_word {
  bool replace;
  uint32_t word; /* what shall stand there, if so */
};

struct patch_module {
  void *(*create)(void *with); /* a state for one guest; NULL: no memory */
  void (*destroy)(void *state);
  /* Before the guest runs, once for each word of its code: what shall stand at `at`, a
   * physical address? The word that is there now is env->load's. */
  struct patch_word (*patch)(void *state, const struct vmm_env *env, gpa_t at);
  /* A hypercall has trapped at `at`: the word that stood there. Not ok: none was replaced, the
   * hypercall is the guest's own. */
  struct vmm_word (*original)(void *state, const struct vmm_env *env, gpa_t at);
};

/* What patch.c exports. */
extern const struct patch_module lab_patch;

#endif
