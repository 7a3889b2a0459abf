/* "output": a submitted guest runs, with console input or without, and what it prints and
 * how it ends are compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/session.h"
#include "tools/common/text.h"
#include "tools/grade/guest.h"

#define EXPECTED_MAX (1u << 20)

static char *end_differs(const struct guest *g, const char *end, const struct machine_stop *stop)
{
  char *text = NULL;
  char place[100];
  uint32_t pc = machine_get_pc(g->machine);
  if (asprintf(&text, "expected  the program %s\nactual    at tick %" PRIu64 " it %s, at %s\n", end,
               machine_tick(g->machine), guest_end_name(stop),
               program_place(g->setup.program.image, pc, place, sizeof place)) < 0) {
    text = NULL;
  }
  return text;
}

static struct check_outcome compare_output(struct guest *g, const char *end, const uint8_t *want,
                                           size_t want_len)
{
  struct machine_stop stop = guest_run(g, g->setup.ticks);
  size_t got_len;
  const uint8_t *got = machine_console_output(g->machine, &got_len);
  if (stop.why == MACHINE_HOST_ERROR) {
    message_error("grade", "%s", stop.reason);
    return check_fail(CHECK_HOST, NULL);
  }
  if (want && (want_len != got_len || memcmp(want, got, got_len) != 0)) {
    return check_fail(CHECK_FAILED, guest_output_differs(g, want, want_len, got, got_len));
  }
  return strcmp(end, guest_end_name(&stop)) == 0
             ? (struct check_outcome){.verdict = CHECK_PASSED}
             : check_fail(CHECK_FAILED, end_differs(g, end, &stop));
}

/* What lies in storage beside the submission: by address a word, or a source file of the
 * lab's, assembled to what a machine would execute at 0. */
static bool put_program(struct guest *g, uint32_t at, const char *name)
{
  char *path = lab_path(g->run->test, name);
  struct asm_options o = {.reader = asm_host_reader, .errors = stderr};
  struct asm_output out = {0};
  bool done = path && asm_assemble_raw(path, &o, &out) == ASM_OK &&
              machine_phys_write(g->machine, gpa(at), out.bytes, (uint32_t)out.len);
  free(out.bytes);
  free(path);
  return done;
}

static bool put_all(struct guest *g)
{
  const char *key;
  json_t *value;
  json_object_foreach(json_object_get(g->run->test->spec, "storage"), key, value)
  {
    uint32_t at = (uint32_t)strtoul(key, NULL, 0);
    bool done =
        json_is_string(value)
            ? put_program(g, at, json_string_value(value))
            : machine_phys_write_word(g->machine, gpa(at), (uint32_t)json_integer_value(value));
    if (!done) {
      guest_lab_is_wrong(g, "\"storage\" by address: a word, or a source file that fits");
      return false;
    }
  }
  return true;
}

struct check_outcome check_output(const struct check_run *run)
{
  struct guest g = {.run = run};
  const char *expected = NULL, *prints = NULL, *end = session_why(MACHINE_HALTED);
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  if (!guest_load(&g, NULL)) {
    outcome = guest_not_loaded(&g);
  } else if (put_all(&g) && lab_string(run->lab, run->test, "expected", &expected) &&
             lab_string(run->lab, run->test, "prints", &prints) &&
             lab_string(run->lab, run->test, "end", &end)) {
    uint8_t *want = NULL;
    size_t want_len = 0;
    char *path = expected ? lab_path(run->test, expected) : NULL;
    if (prints) {
      outcome = compare_output(&g, end, (const uint8_t *)prints, strlen(prints));
    } else if (!path || file_read("grade", path, EXPECTED_MAX, &want, &want_len) == STATUS_DONE) {
      outcome = compare_output(&g, end, want, want_len);
    }
    free(want);
    free(path);
  }
  guest_unload(&g);
  return outcome;
}
