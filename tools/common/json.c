#include "tools/common/json.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/common/message.h"

int json_print(const char *command, json_t *object)
{
  if (!object) {
    message_error(command, "out of memory");
    return STATUS_OURS;
  }
  json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
  putchar('\n');
  json_decref(object);
  return STATUS_DONE;
}

json_t *json_text(const char *text)
{
  return text ? json_string(text) : json_null();
}

json_t *json_hex(uint32_t value)
{
  return json_sprintf("0x%08" PRIx32, value);
}

json_t *json_hash(uint64_t value)
{
  return json_sprintf("%016" PRIx64, value);
}
