/* The terminal's keyboard belongs to one user's console at a time. Ctrl-] takes it from
 * there: what is typed then names another user, and Enter gives it to that one.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_KEYBOARD_H
#define TRAPEZE_TOOLS_SYSTEM_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/directory/directory.h"

#define KEYBOARD_SWITCH      0x1d
#define KEYBOARD_SWITCH_NAME "Ctrl-]"

struct keyboard {
  const struct directory *directory;
  FILE *notices; /* where the choice is shown */
  /* A word about a user in the menu ("halted"), or "". */
  const char *(*state)(void *ctx, size_t user);
  void *ctx;

  size_t user;   /* who has it */
  bool choosing; /* nobody has: zeroed at first, as what follows */
  char word[2 * DIRECTORY_MAX_NAME];
  size_t len;
};

enum keyboard_event {
  KEYBOARD_TYPED,   /* the byte is for the user */
  KEYBOARD_NOTHING, /* it was for us */
  KEYBOARD_ASKED,   /* a choice begins: make room and call keyboard_ask() */
  KEYBOARD_CHOSEN,  /* it is over: user is perhaps another */
};
/* What a key does. */
enum keyboard_event keyboard_key(struct keyboard *k, uint8_t byte);
/* Shows the users there are. */
void keyboard_ask(struct keyboard *k);

#endif
