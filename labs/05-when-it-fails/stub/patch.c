/* Lab 5: the binary mended before it runs. labs/patch.h says what each function is for.
 *
 * What helps: env->load(env->ctx, at), a word; env->decode(env->ctx, word), the instruction
 * that it is, if it is a legal one; env->behaviour(env->ctx, insn, mode), what that does;
 * env->user_mode(env->ctx); isa_insn_info(insn)->group; isa_encode(), the other way.
 */
#include <stdlib.h>

#include "labs/patch.h"
#include "labs/stub.h"

/* What you remember: whatever you like. */
struct memory {
  size_t count;
};

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct memory));
}

static void destroy(void *state)
{
  free(state);
}

static struct patch_word patch(void *state, const struct vmm_env *env, gpa_t at)
{
  (void)state, (void)env, (void)at;
  /* To do. */
  not_implemented("patch");
}

static struct vmm_word original(void *state, const struct vmm_env *env, gpa_t at)
{
  (void)state, (void)env, (void)at;
  /* To do. */
  not_implemented("original");
}

const struct patch_module lab_patch = {
    .create = create, .destroy = destroy, .patch = patch, .original = original};
