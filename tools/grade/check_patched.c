/* "patched": a guest of the lab's runs in a virtual machine on a profile with holes, its code
 * patched by the submission before the first instruction. A hypercall that the module knows
 * is interpreted as the instruction that stood there; all else is the reference VMM's. At
 * every tick the state must be the bare machine's, but for the words that were replaced.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/setup.h"
#include "tools/common/stack.h"
#include "tools/common/text.h"
#include "tools/grade/patcher.h"
#include "tools/verify/lockstep.h"

#define TICKS_USUAL 20000u

struct patched {
  const struct check_run *run;
  struct setup setup;
  const char *guest;
  char *guest_path, *profile_path, *input_path;
  uint32_t code, code_end;

  struct remote *remote;
  void *module; /* the submission's state */
  struct vmm_modules set;
  struct vmm_dispatch_module dispatch;
  struct vmm_interpret_module interpret;
  struct stack *stack;
  struct machine *bare, *vm;
  struct patcher_storage storage;
  bool pending; /* a patched word has trapped, at … */
  gpa_t at;
  uint32_t original; /* … where this stood */
};

/* --------------------------------------------------------- two modules of the VMM's */

static void *create(void *with)
{
  return with;
}

static void destroy(void *state)
{
  (void)state;
}

static enum vmm_action dispatch(void *state, const struct vmm_env *env, struct trap real)
{
  struct patched *p = state;
  if (real.cause == CAUSE_HYPERCALL) {
    bool te = psw_te(env->get_cr(env->ctx, CR_PSW));
    struct translation t = env->translate(env->ctx, gva(real.epc), 4, MACHINE_FETCH, te,
                                          psw_mode(env->get_cr(env->ctx, CR_PSW)));
    struct vmm_env own = patcher_env(&p->storage);
    struct vmm_word w = remote_patch.original(p->module, &own, t.pa);
    if (t.ok && w.ok) {
      p->pending = true;
      p->at = t.pa;
      p->original = w.word;
      return VMM_INTERPRET;
    }
  }
  return vmm_dispatch.dispatch(NULL, env, real);
}

/* What stood there stands there again while it is interpreted. */
static struct vmm_trap interpret(void *state, const struct vmm_env *env)
{
  struct patched *p = state;
  if (!p->pending) {
    return vmm_interpret.interpret(NULL, env);
  }
  struct vmm_word patch = env->load(env->ctx, p->at);
  p->pending = false;
  env->store(env->ctx, p->at, p->original);
  struct vmm_trap met = vmm_interpret.interpret(NULL, env);
  env->store(env->ctx, p->at, patch.word);
  return met;
}

/* ---------------------------------------------------------------------- the worlds */

static bool read_word(void *ctx, gpa_t at, uint32_t *word)
{
  return machine_phys_read_word(((struct patched *)ctx)->vm, at, word);
}

static bool make(struct patched *p, const char **reason)
{
  struct machine_config bare = {.profile = p->setup.profile, .storage = p->setup.storage};
  struct stack_config virtual = {
      .profile = p->setup.profile, .storage = p->setup.storage, .depth = 1, .modules = &p->set};
  p->dispatch =
      (struct vmm_dispatch_module){.create = create, .destroy = destroy, .dispatch = dispatch};
  p->interpret =
      (struct vmm_interpret_module){.create = create, .destroy = destroy, .interpret = interpret};
  p->set = vmm_default_modules;
  p->set.dispatch = &p->dispatch;
  p->set.interpret = &p->interpret;
  p->set.with = p;
  *reason = "out of memory";
  p->bare = machine_create(&bare, reason);
  p->stack = p->bare ? stack_create(&virtual, reason) : NULL;
  p->vm = p->stack ? stack_vm(p->stack) : NULL;
  if (!p->vm || !image_load(p->setup.program.image, p->bare, stderr) ||
      !image_load(p->setup.program.image, p->vm, stderr)) {
    return false;
  }
  inputlog_feed(&p->setup.log, p->bare);
  inputlog_feed(&p->setup.log, p->vm);
  p->storage = (struct patcher_storage){.profile = p->setup.profile, .read = read_word, .ctx = p};
  return true;
}

static void unmake(struct patched *p)
{
  stack_destroy(p->stack);
  machine_destroy(p->bare);
}

/* --------------------------------------------------------------------- the judging */

static struct check_outcome passed(void)
{
  return (struct check_outcome){.verdict = CHECK_PASSED};
}

static struct check_outcome patch_all(struct patched *p)
{
  struct vmm_env env = patcher_env(&p->storage);
  for (uint32_t at = p->code; at < p->code_end && p->remote->end == REMOTE_OPEN; at += 4) {
    struct patch_word got = remote_patch.patch(p->module, &env, (gpa_t){at});
    const char *why = got.replace ? patcher_refuses(p->setup.profile, got.word) : NULL;
    if (why) {
      char place[100];
      return check_differs(NULL, "a hypercall in the place of what is replaced", "at %s %s",
                           program_place(p->setup.program.image, at, place, sizeof place), why);
    }
    if (got.replace) {
      machine_phys_write_word(p->vm, gpa(at), got.word);
    }
  }
  return passed();
}

/* Storage is compared at the end, without the code. */
static void look(struct machine *m, struct observation *o)
{
  observe(m, o);
  o->storage = 0;
}

static bool same_storage(const struct patched *p, uint32_t *at)
{
  for (*at = 0; *at < p->setup.storage; *at += 4) {
    uint32_t a = 0, b = 0;
    machine_phys_read_word(p->bare, gpa(*at), &a);
    machine_phys_read_word(p->vm, gpa(*at), &b);
    if (a != b && (*at < p->code || *at >= p->code_end)) {
      return false;
    }
  }
  return true;
}

static struct check_outcome differ(const struct patched *p, const struct observation *before,
                                   const struct observation *bare, const struct observation *vm)
{
  struct observed_field field = {.name = "a device"};
  char place[100], insn[100] = "an instruction", n[TEXT_COUNT_SIZE], expected[200], command[300],
                   known[CHECK_KNOWN_SIZE];
  uint32_t word = 0;
  bool named = observation_fields(p->setup.profile, before, bare, vm, &field, 1) == 1 &&
               field.bare != field.vm;
  if (machine_phys_read_word(p->bare, gpa(before->pc), &word)) {
    isa_print(insn, sizeof insn, word, before->pc, NULL, NULL);
  }
  snprintf(expected, sizeof expected,
           "after tick %s, %s at %s, the virtual machine is as the bare one",
           text_count(n, before->tick), insn,
           program_place(p->setup.program.image, before->pc, place, sizeof place));
  snprintf(command, sizeof command, "build/trapeze verify %s -p %s", check_known(p->guest, known),
           profile_name(p->setup.profile));
  return named ? check_differs(command, expected, "%s is 0x%" PRIx32 ", bare 0x%" PRIx32,
                               field.name, field.vm, field.bare)
               : check_differs(command, expected, "it is not");
}

static struct check_outcome storage_differs(const struct patched *p, uint32_t at)
{
  char place[100];
  return check_differs(NULL, "outside the code storage is as the bare machine's", "not at %s",
                       program_place(p->setup.program.image, at, place, sizeof place));
}

static bool stopped(const struct machine_stop *stop)
{
  return stop->why != MACHINE_LIMIT;
}

static struct check_outcome run_both(struct patched *p)
{
  struct observation before, now[2];
  look(p->bare, &before);
  for (uint64_t tick = 0; tick < p->setup.ticks && p->remote->end == REMOTE_OPEN;
       tick = before.tick) {
    struct machine_stop bare = machine_advance(p->bare, tick + 1),
                        vm = machine_advance(p->vm, tick + 1);
    if (bare.why == MACHINE_HOST_ERROR || vm.why == MACHINE_HOST_ERROR) {
      message_error("grade", "%s", bare.why == MACHINE_HOST_ERROR ? bare.reason : vm.reason);
      return check_fail(CHECK_HOST, NULL);
    }
    look(p->bare, &now[0]);
    look(p->vm, &now[1]);
    if (bare.why != vm.why || !observation_equal(&now[0], &now[1])) {
      return differ(p, &before, &now[0], &now[1]);
    }
    before = now[0];
    if (stopped(&bare)) {
      break;
    }
  }
  uint32_t at;
  return same_storage(p, &at) ? passed() : storage_differs(p, at);
}

static struct check_outcome run(struct patched *p, struct hosted *h)
{
  const char *reason = NULL;
  struct hosted_modules *m = hosted_start(h, &reason);
  if (!m) {
    message_error("grade", "%s", reason);
    return check_fail(CHECK_HOST, NULL);
  }
  p->remote = &m->remote;
  p->module = remote_patch.create(p->remote);
  struct check_outcome outcome = {.verdict = CHECK_HOST};
  if (p->module && make(p, &reason)) {
    outcome = patch_all(p);
    outcome = outcome.verdict == CHECK_PASSED ? run_both(p) : outcome;
  } else {
    message_error("grade", "%s", reason ? reason : "out of memory");
  }
  unmake(p);
  remote_patch.destroy(p->module);
  hosted_end(h, m);
  if (outcome.verdict != CHECK_HOST && h->end != REMOTE_OPEN) {
    free(outcome.text);
    return hosted_outcome(h);
  }
  return outcome;
}

/* ----------------------------------------------------------------------- the check */

static char *path_of(const struct patched *p, const char *name)
{
  return name && strchr(name, '/') ? workshop_lab_file(p->run->workshop, p->run->test, name) : NULL;
}

static bool load(struct patched *p)
{
  const struct check_run *r = p->run;
  struct setup *s = &p->setup;
  const char *input = NULL;
  s->ticks = TICKS_USUAL;
  if (!lab_string(r->lab, r->test, "guest", &p->guest) ||
      !lab_string(r->lab, r->test, "profile", &s->profile_name) ||
      !lab_string(r->lab, r->test, "input", &input) ||
      !lab_count(r->lab, r->test, "rate", &s->rate) ||
      !lab_count(r->lab, r->test, "ticks", &s->ticks)) {
    return false;
  }
  p->guest_path = path_of(p, p->guest);
  p->profile_path = path_of(p, s->profile_name);
  p->input_path = path_of(p, input);
  s->profile_name = p->profile_path ? p->profile_path : s->profile_name;
  s->input = p->input_path;
  if (!p->guest_path || setup_load(s, p->guest_path) != STATUS_DONE ||
      !image_find_symbol(s->program.image, "code", &p->code) ||
      !image_find_symbol(s->program.image, "code_end", &p->code_end)) {
    check_lab_is_wrong(r, "a \"guest\", a file whose code lies between `code` and `code_end`");
    return false;
  }
  return true;
}

struct check_outcome check_patched(const struct check_run *r)
{
  struct patched p = {.run = r};
  struct hosted h = {.run = r};
  const char *problem;
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  setup_init(&p.setup, "grade");
  if (hosted_problem(&h, &problem)) {
    outcome = check_differs(NULL, "a module that can be built", "%s", problem);
  } else if (load(&p)) {
    outcome = run(&p, &h);
  }
  outcome.cpu = h.cpu;
  outcome.printed = h.printed;
  setup_destroy(&p.setup);
  free(p.guest_path);
  free(p.profile_path);
  free(p.input_path);
  return outcome;
}
