#include "tools/common/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"

int json_print(const char *command, json_t *object)
{
  /* A member that could not be made is silently left out of its object. */
  if (!object || host_at_fault(errno)) {
    int error = errno ? errno : ENOMEM;
    json_decref(object);
    message_error(command, "%s", error == ENOMEM ? "out of memory" : strerror(error));
    return STATUS_OURS;
  }
  int failed =
      json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
  putchar('\n');
  json_decref(object);
  if (!failed || ferror(stdout))
    return STATUS_DONE; /* main() looks whether it arrived */
  message_error(command, "out of memory");
  return STATUS_OURS;
}

json_t *json_text(const char *text)
{
  if (!text)
    return json_null();
  json_t *string = json_string(text);
  if (string)
    return string;
  char *ascii = strdup(text);
  if (!ascii)
    return NULL;
  for (char *c = ascii; *c; c++)
    if ((unsigned char)*c >= 0x80)
      *c = '?';
  string = json_string(ascii);
  free(ascii);
  return string;
}

json_t *json_hex(uint32_t value)
{
  return json_sprintf("0x%08" PRIx32, value);
}
