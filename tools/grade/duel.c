/* See duel.h. */
#include "tools/grade/duel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/verify/world.h"

bool duel_run(struct setup *setup, struct verify_result *result)
{
  struct world world = {.setup = setup, .depth = 1};
  struct verify_config config = {.maker = world_maker(&world),
                                 .ticks = setup->ticks,
                                 .interval = VERIFY_DEFAULT_INTERVAL,
                                 .stepping = true,
                                 .brief = true};
  if (verify_run(&config, result) == VERIFY_DONE) {
    return true;
  }
  if (*result->host_reason) {
    message_error("grade", "%s", result->host_reason);
  }
  return false;
}

char *duel_parting(struct setup *setup, const struct verify_result *result)
{
  const struct divergence *d = result->first;
  char *text = NULL, place[100], deed[2][512], n[TEXT_COUNT_SIZE];
  struct report report = {.setup = setup, .result = result, .depth = 1};
  if (!d) {
    return strdup("nowhere");
  }
  for (unsigned i = 0; i < 2; i++) {
    report_deed(&report, d, i, deed[i], sizeof deed[i]);
  }
  if (asprintf(&text, "at tick %s, at %s: the bare machine %s, the virtual machine %s",
               text_count(n, d->before.tick),
               program_place(setup->program.image, d->before.pc, place, sizeof place), deed[0],
               deed[1]) < 0) {
    return NULL;
  }
  return text;
}

static bool take_output(struct machine *m, uint64_t ticks, unsigned i, struct duel_output *o)
{
  struct machine_stop stop = machine_advance(m, ticks);
  if (stop.why == MACHINE_HOST_ERROR) {
    message_error("grade", "%s", stop.reason);
    return false;
  }
  const uint8_t *bytes = machine_console_output(m, &o->len[i]);
  o->end[i] = stop.why;
  o->text[i] = malloc(o->len[i] + 1);
  if (!o->text[i]) {
    message_error("grade", "out of memory");
    return false;
  }
  memcpy(o->text[i], bytes, o->len[i]);
  o->text[i][o->len[i]] = '\0';
  return true;
}

bool duel_outputs(struct setup *setup, struct duel_output *o)
{
  struct world world = {.setup = setup, .depth = 1};
  struct pair_maker maker = world_maker(&world);
  struct pair pair = {.bare = NULL};
  const char *reason = NULL;
  *o = (struct duel_output){.len = {0, 0}};
  bool done = maker.make(maker.ctx, MACHINE_ENGINE_FAST, &pair, &reason);
  if (!done && reason) {
    message_error("grade", "%s", reason);
  }
  done = done && take_output(pair.bare, setup->ticks, 0, o) &&
         take_output(pair.vm, setup->ticks, 1, o);
  maker.destroy(maker.ctx, &pair);
  return done;
}

void duel_outputs_free(struct duel_output *o)
{
  free(o->text[0]);
  free(o->text[1]);
}
