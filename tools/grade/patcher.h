/* A submission's patch module (labs/patch.h) at work for the judge: what it may see, and
 * what it may answer.
 */
#ifndef TRAPEZE_TOOLS_GRADE_PATCHER_H
#define TRAPEZE_TOOLS_GRADE_PATCHER_H

#include "tools/grade/hosted.h"

/* Storage without a virtual machine around it. */
struct patcher_storage {
  const struct profile *profile;
  bool (*read)(void *ctx, gpa_t at, uint32_t *word);
  void *ctx;
};
/* The environment over it; *s outlives it. */
struct vmm_env patcher_env(struct patcher_storage *s);

/* NULL: the word may stand in for another. Else what is wrong with it. */
const char *patcher_refuses(const struct profile *p, uint32_t word);

/* "0x00001234: popf", for messages. */
#define PATCHER_TEXT_SIZE 100u
char *patcher_text(uint32_t at, uint32_t word, char buf[PATCHER_TEXT_SIZE]);

#endif
