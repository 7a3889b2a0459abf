/* JSON results: one object with a "schema" field, members in a fixed order. */
#ifndef TRAPEZE_TOOLS_COMMON_JSON_H
#define TRAPEZE_TOOLS_COMMON_JSON_H

#include <stdint.h>

#include <jansson.h>

/* Prints to standard output and releases the object, two spaces an indent and
 * one member a line. NULL is "out of memory". Returns an exit status. */
int json_print(const char *command, json_t *object);

/* Text that is not ours (a path, a source line, a profile's story), or null. Bytes
 * that are no UTF-8, which JSON cannot hold, become '?'. */
json_t *json_text(const char *text);
/* 32 bits as "0x00001f34". */
json_t *json_hex(uint32_t value);

#endif
