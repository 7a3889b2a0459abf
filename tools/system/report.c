#include "tools/system/report.h"

#include <errno.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/storm.h"
#include "tools/common/text.h"

/* Users that are told of one by one. */
#define MOST_USERS 16u
#define NAME       ((int)DIRECTORY_MAX_NAME)

/* ------------------------------------------------------------------- the summary */

static bool ended_badly(enum machine_why why)
{
  return why == MACHINE_DOUBLE_FAULT || why == MACHINE_LOST_CONTROL;
}

static void say_detail(const char *command, const struct system_user *u,
                       const struct machine_stop *stop)
{
  char place[400];
  if (stop->why == MACHINE_DOUBLE_FAULT)
    message_note(command, "%s: the trap '%s' at pc %s could not be delivered", u->entry->name,
                 isa_cause_info((unsigned)stop->trap.cause)->name,
                 storm_place(u->program->image, stop->trap.epc, place, sizeof place));
  else if (stop->reason)
    message_note(command, "%s: %s", u->entry->name, stop->reason);
}

static void say_user(const char *command, const struct system_user *u)
{
  char tick[TEXT_COUNT_SIZE];
  struct machine_stop stop = vmm_vm_stop(u->vm);
  message_note(command, "%s: %s at tick %s", u->entry->name, system_state(u->vm),
               text_count(tick, machine_tick(u->vm)));
  if (ended_badly(stop.why))
    say_detail(command, u, &stop);
}

/* With many users only of those who have not halted, and not of all of them. */
static void say_users(const struct system_run *r)
{
  const struct system *s = r->system;
  size_t halted = 0, told = 0;
  bool many = s->count > MOST_USERS;
  for (size_t i = 0; i < s->count; i++) {
    enum machine_why why = vmm_vm_stop(s->users[i].vm).why;
    halted += why == MACHINE_HALTED;
    if (many && (why == MACHINE_HALTED || (told >= MOST_USERS && !ended_badly(why))))
      continue;
    say_user(r->command, &s->users[i]);
    told++;
  }
  if (many)
    message_note(r->command, "%zu of %zu users halted", halted, s->count);
}

static int say_violations(const struct system_run *r)
{
  const char *first;
  unsigned n = vmm_violations(r->system->vmm, &first);
  if (n == 0)
    return STATUS_DONE;
  message_note(r->command, "resource control was violated %u time%s, first: %s", n,
               n == 1 ? "" : "s", first ? first : "no reason given");
  return STATUS_NO;
}

/* At the limit nobody has waited in vain. */
static int status_of_users(const struct system *s, bool limit)
{
  for (size_t i = 0; i < s->count; i++) {
    enum machine_why why = vmm_vm_stop(s->users[i].vm).why;
    if (ended_badly(why) || (why == MACHINE_WAITS && !limit))
      return STATUS_NO;
  }
  return STATUS_DONE;
}

static int say_end(const struct system_run *r, const struct system_end *end)
{
  char tick[TEXT_COUNT_SIZE];
  text_count(tick, machine_tick(r->system->real));
  if (end->signal) {
    message_note(r->command, "interrupted at tick %s of the real machine", tick);
    return STATUS_SIGNAL + end->signal;
  }
  if (end->only_traps) {
    message_note(r->command, "those who run do nothing but trap, at tick %s of the real machine",
                 tick);
    return STATUS_NO;
  }
  if (end->stop.why == VMM_LIMIT)
    message_note(r->command, "stopped at the limit of %s ticks of the real machine", tick);
  return status_of_users(r->system, end->stop.why == VMM_LIMIT);
}

int system_report(const struct system_run *r, const struct system_end *end)
{
  int status = say_end(r, end);
  say_users(r);
  int violated = say_violations(r);
  return status == STATUS_DONE ? violated : status;
}

/* The host failed a guest, or us: a sentence, or NULL. *user: whom, or NULL. */
static const char *host_failure(const struct system_run *r, const struct system_end *end,
                                const char **user)
{
  *user = NULL;
  if (end->error)
    return strerror(end->error);
  if (end->stop.why == VMM_HOST_ERROR)
    return end->stop.reason ? end->stop.reason : "no reason given";
  for (size_t i = 0; i < r->system->count; i++) {
    struct machine_stop stop = vmm_vm_stop(r->system->users[i].vm);
    if (stop.why == MACHINE_HOST_ERROR) {
      *user = r->system->users[i].entry->name;
      return stop.reason ? stop.reason : "no reason given";
    }
  }
  return NULL;
}

int system_failure(const struct system_run *r, const struct system_end *end)
{
  const char *user, *reason = host_failure(r, end, &user);
  if (reason)
    message_error(r->command, "%s%s%s", user ? user : "", user ? ": " : "", reason);
  else if (end->output_lost)
    message_lost_output();
  return reason || end->output_lost ? STATUS_OURS : STATUS_DONE;
}

/* ---------------------------------------------------------------------- the tables */

struct totals {
  uint64_t executed, overhead;
};

static struct totals add_up(const struct system *s)
{
  struct totals t = {0};
  for (size_t i = 0; i < s->count; i++) {
    struct vmm_account a = vmm_vm_account(s->users[i].vm);
    t.executed += a.executed;
    t.overhead += a.overhead;
  }
  return t;
}

static void count_row(FILE *out, const char *name, int width, const uint64_t *counts, size_t n)
{
  char text[TEXT_COUNT_SIZE];
  fprintf(out, "  %-*s", NAME, name);
  for (size_t i = 0; i < n; i++)
    fprintf(out, " %*s", width, text_count(text, counts[i]));
  fputc('\n', out);
}

static void print_time(FILE *out, const struct system *s)
{
  enum { WIDTH = 11 };
  fprintf(out, "real ticks\n  %-*s %11s %11s %11s %11s %11s\n", NAME, "user", "executed",
          "overhead", "ready", "asleep", "frozen");
  for (size_t i = 0; i < s->count; i++) {
    struct vmm_account a = vmm_vm_account(s->users[i].vm);
    count_row(out, s->users[i].entry->name, WIDTH,
              (const uint64_t[]){a.executed, a.overhead, a.ready, a.asleep, a.frozen}, 5);
  }
  struct totals t = add_up(s);
  count_row(out, "(all)", WIDTH, (const uint64_t[]){t.executed, t.overhead}, 2);
  count_row(out, "(idle)", WIDTH, (const uint64_t[]){vmm_idle_ticks(s->vmm)}, 1);
  count_row(out, "(the machine)", WIDTH, (const uint64_t[]){machine_tick(s->real)}, 1);
}

static void print_processor(FILE *out, const struct system *s)
{
  struct totals t = add_up(s);
  fprintf(out, "the processor\n  %-*s %8s %8s %14s %14s %10s\n", NAME, "user", "share", "got",
          "virtual ticks", "skipped", "quanta");
  for (size_t i = 0; i < s->count; i++) {
    const struct system_user *u = &s->users[i];
    struct vmm_account a = vmm_vm_account(u->vm);
    char share[TEXT_COUNT_SIZE], got[TEXT_COUNT_SIZE], ticks[TEXT_COUNT_SIZE],
        skipped[TEXT_COUNT_SIZE], quanta[TEXT_COUNT_SIZE];
    fprintf(out, "  %-*s %8s %8s %14s %14s %10s\n", NAME, u->entry->name,
            text_percent(share, u->entry->share, s->directory->shares),
            text_percent(got, a.executed + a.overhead, t.executed + t.overhead),
            text_count(ticks, machine_tick(u->vm)), text_count(skipped, a.skipped),
            text_count(quanta, a.quanta));
  }
}

static void print_vmm(FILE *out, const struct system *s)
{
  char n[4][TEXT_COUNT_SIZE];
  fprintf(out, "the VMM\n  %-*s %-16s %11s %11s %10s %8s\n", NAME, "user", "technique", "emulated",
          "interpreted", "reflected", "switches");
  for (size_t i = 0; i < s->count; i++) {
    struct machine *vm = s->users[i].vm;
    const struct vmm_stats *v = vmm_vm_stats(vm);
    fprintf(out, "  %-*s %-16s %11s %11s %10s %8s\n", NAME, s->users[i].entry->name,
            vmm_techniques[vmm_vm_technique(vm)].name, text_count(n[0], v->emulated),
            text_count(n[1], v->interpreted), text_count(n[2], v->reflected),
            text_count(n[3], v->world_switches));
  }
}

static bool has_frames(const struct system *s)
{
  return vmm_frames(s->vmm).total > 0;
}

static void print_pages(FILE *out, const struct system *s)
{
  enum { WIDTH = 9 };
  struct vmm_frames f = vmm_frames(s->vmm);
  fprintf(out, "storage, in pages\n  %-*s %9s %9s %9s %9s %9s %9s\n", NAME, "user", "all",
          "resident", "shared", "zero", "swapped", "ballooned");
  for (size_t i = 0; i < s->count; i++) {
    struct machine *vm = s->users[i].vm;
    struct vmm_pages n = vmm_vm_pages(vm);
    uint32_t all = machine_storage_size(vm) / ISA_PAGE_SIZE;
    count_row(
        out, s->users[i].entry->name, WIDTH,
        (const uint64_t[]){all, n.resident, n.shared, n.zero, n.swapped, n.ballooned}, 6);
  }
  count_row(out, "(frames)", WIDTH, (const uint64_t[]){f.total, f.pages}, 2);
  fprintf(out, "  %u frames are free, %u hold tables and zeros, sharing spares %u, "
               "%u of %u slots of the swap file are in use\n",
          f.free, f.tables, f.saved, f.slots_used, f.slots);
}

static void print_paging(FILE *out, const struct system *s)
{
  enum { WIDTH = 9 };
  fprintf(out, "paging, in pages\n  %-*s %9s %9s %9s %9s %9s %9s %9s %9s\n", NAME, "user", "zeroed",
          "twice", "shared", "blank", "copied", "written", "read", "twice");
  for (size_t i = 0; i < s->count; i++) {
    const struct vmm_paging *p = vmm_vm_paging(s->users[i].vm);
    count_row(out, s->users[i].entry->name, WIDTH,
              (const uint64_t[]){p->zeroed, p->zeroed_twice, p->shared, p->blank, p->copied,
                                 p->written, p->read, p->paged_twice},
              8);
  }
}

static bool has_network(const struct system *s)
{
  for (size_t i = 0; i < s->count; i++)
    if (s->users[i].entry->network >= 0)
      return true;
  return false;
}

static void print_network(FILE *out, const struct system *s)
{
  fprintf(out, "the network, in frames\n  %-*s %9s %9s %9s %9s %9s %9s\n", NAME, "user", "sent",
          "passed", "filtered", "flooded", "lost", "received");
  for (size_t i = 0; i < s->count; i++) {
    struct vmm_network n = vmm_vm_network(s->users[i].vm);
    const uint64_t counts[] = {
        n.sent, n.passed, n.forged + n.forbidden, n.flooded, n.nobody + n.crowded, n.received};
    if (s->users[i].entry->network < 0)
      continue;
    fprintf(out, "  %-*s", NAME, s->users[i].entry->name);
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
      char text[TEXT_COUNT_SIZE];
      fprintf(out, " %9s", text_count(text, counts[k]));
    }
    fputc('\n', out);
  }
}

void report_stats(FILE *out, const struct system *s)
{
  print_time(out, s);
  print_processor(out, s);
  print_vmm(out, s);
  if (has_frames(s)) {
    print_pages(out, s);
    print_paging(out, s);
  }
  if (has_network(s))
    print_network(out, s);
}

/* ------------------------------------------------------------------------ the JSON */

#define N(n) ((json_int_t)(n))

static json_t *account_json(struct machine *vm)
{
  struct vmm_account a = vmm_vm_account(vm);
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "executed", N(a.executed),
                   "overhead", N(a.overhead), "ready", N(a.ready), "asleep", N(a.asleep), "frozen",
                   N(a.frozen), "skipped", N(a.skipped), "quanta", N(a.quanta), "wakeups",
                   N(a.wakeups));
}

static json_t *vmm_json(struct machine *vm)
{
  const struct vmm_stats *v = vmm_vm_stats(vm);
  return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "technique",
                   vmm_techniques[vmm_vm_technique(vm)].name, "direct", N(v->direct), "emulated",
                   N(v->emulated), "interpreted", N(v->interpreted), "hypercalls", N(v->hypercalls),
                   "reflected", N(v->reflected), "served", N(v->served), "world_switches",
                   N(v->world_switches), "frozen", N(v->frozen));
}

static json_t *pages_json(struct machine *vm)
{
  struct vmm_pages n = vmm_vm_pages(vm);
  const struct vmm_paging *p = vmm_vm_paging(vm);
  if (!vmm_vm_allocation(vm).scattered)
    return json_null();
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                   "resident", N(n.resident), "shared", N(n.shared), "zero", N(n.zero), "swapped",
                   N(n.swapped), "ballooned", N(n.ballooned), "zeroed", N(p->zeroed),
                   "zeroed_twice", N(p->zeroed_twice), "cleared", N(p->cleared), "found_equal",
                   N(p->shared), "found_blank", N(p->blank), "copied", N(p->copied), "written",
                   N(p->written), "read", N(p->read), "paged_twice", N(p->paged_twice));
}

static json_t *network_json(const struct system_user *u)
{
  struct vmm_network n = vmm_vm_network(u->vm);
  if (u->entry->network < 0)
    return json_null();
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sent", N(n.sent), "passed",
                   N(n.passed), "forged", N(n.forged), "forbidden", N(n.forbidden), "flooded",
                   N(n.flooded), "nobody", N(n.nobody), "crowded", N(n.crowded), "received",
                   N(n.received), "dropped", N(n.dropped));
}

static json_t *user_json(const struct system_user *u)
{
  size_t len;
  struct machine_stop stop = vmm_vm_stop(u->vm);
  machine_console_output(u->vm, &len);
  return json_pack("{s:s, s:o, s:s, s:o, s:I, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "name",
                   u->entry->name, "program", json_text(u->entry->program), "state",
                   system_state(u->vm), "reason", json_text(stop.reason), "share",
                   N(u->entry->share), "timer", directory_timer_word(u->entry->timer), "ticks",
                   N(machine_tick(u->vm)), "output_bytes", N(len), "real_ticks",
                   account_json(u->vm), "vmm", vmm_json(u->vm), "pages", pages_json(u->vm), "network",
                   network_json(u));
}

static const char *end_word(const struct system_end *end)
{
  static const char *const words[] = {[VMM_LIMIT] = "limit",
                                      [VMM_STOPPED] = "stopped",
                                      [VMM_WAITS] = "waits",
                                      [VMM_HOST_ERROR] = "host error"};
  return end->signal ? "interrupted" : end->only_traps ? "only traps" : words[end->stop.why];
}

int report_json(const struct system_run *r, const struct system_end *end)
{
  const struct system *s = r->system;
  const char *first;
  unsigned violations = vmm_violations(s->vmm, &first);
  errno = 0; /* json_print() looks at it */
  json_t *users = json_array();
  for (size_t i = 0; i < s->count; i++)
    json_array_append_new(users, user_json(&s->users[i]));
  return json_print(r->command,
                    json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:o}", "schema", "trapeze-vmm/1",
                              "directory", json_text(s->directory->file), "profile",
                              json_text(profile_name(s->directory->profile)), "end", end_word(end),
                              "ticks", N(machine_tick(s->real)), "idle", N(vmm_idle_ticks(s->vmm)),
                              "violations", N(violations), "users", users));
}
