#include "tools/system/keyboard.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/options.h"
#include "tools/common/text.h"

#define ESCAPE     0x1b
#define DELETE     0x7f
#define MOST_SHOWN 40u

static void prompt(const struct keyboard *k)
{
  fprintf(k->notices, "keyboard to: ");
  fflush(k->notices);
}

void keyboard_ask(struct keyboard *k)
{
  const struct directory *d = k->directory;
  fprintf(k->notices,
          "-- Whose is the keyboard? A name or a number and Enter; Enter: the next;\n"
          "-- %s: send it to the guest; Escape: as it was.\n",
          KEYBOARD_SWITCH_NAME);
  for (size_t i = 0; i < d->user_count && i < MOST_SHOWN; i++) {
    const char *state = k->state ? k->state(k->ctx, i) : "";
    fprintf(k->notices, "-- %c%3zu  %-*s%s%s\n", i == k->user ? '*' : ' ', i + 1,
            state[0] ? (int)DIRECTORY_MAX_NAME : 0, d->users[i].name, state[0] ? "  " : "", state);
  }
  if (d->user_count > MOST_SHOWN)
    fprintf(k->notices, "-- ... and %zu more\n", d->user_count - MOST_SHOWN);
  prompt(k);
}

/* The user that the word names: by number, by name, by a beginning that is no other's.
 * False: none, and it was said why. */
static bool find(const struct keyboard *k, size_t *user)
{
  const struct directory *d = k->directory;
  size_t found = 0;
  uint64_t number;
  for (size_t i = 0; i < d->user_count; i++) {
    if (strncmp(d->users[i].name, k->word, k->len) != 0)
      continue;
    *user = i;
    found++;
    if (strlen(d->users[i].name) == k->len)
      return true;
  }
  if (found == 1)
    return true;
  if (options_count(k->word, &number) && number >= 1 && number <= d->user_count) {
    *user = (size_t)number - 1;
    return true;
  }
  fprintf(k->notices, "-- %s is '%s'\n", found ? "more than one" : "nobody", k->word);
  return false;
}

static enum keyboard_event enter(struct keyboard *k)
{
  fputc('\n', k->notices);
  if (k->len == 0) {
    k->user = (k->user + 1) % k->directory->user_count;
  } else if (!find(k, &k->user)) {
    k->len = 0;
    prompt(k);
    return KEYBOARD_NOTHING;
  }
  k->choosing = false;
  return KEYBOARD_CHOSEN;
}

static enum keyboard_event leave(struct keyboard *k, enum keyboard_event event)
{
  fputc('\n', k->notices);
  k->choosing = false;
  return event;
}

static enum keyboard_event choose(struct keyboard *k, uint8_t byte)
{
  k->word[k->len] = 0;
  switch (byte) {
  case '\r':
  case '\n':
    return enter(k);
  case KEYBOARD_SWITCH:
    return leave(k, KEYBOARD_TYPED);
  case ESCAPE:
    return leave(k, KEYBOARD_CHOSEN);
  case '\b':
  case DELETE:
    if (k->len > 0) {
      k->len--;
      fputs("\b \b", k->notices);
    }
    break;
  default:
    if (byte > ' ' && byte < DELETE && k->len + 1 < sizeof k->word) {
      k->word[k->len++] = (char)byte;
      fputc(byte, k->notices);
    }
  }
  fflush(k->notices);
  return KEYBOARD_NOTHING;
}

enum keyboard_event keyboard_key(struct keyboard *k, uint8_t byte)
{
  if (k->choosing)
    return choose(k, byte);
  if (byte != KEYBOARD_SWITCH)
    return KEYBOARD_TYPED;
  k->choosing = true;
  k->len = 0;
  return KEYBOARD_ASKED;
}
