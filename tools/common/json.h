/* JSON results: one object with a "schema" field, members in a fixed order. */
#ifndef TRAPEZE_TOOLS_COMMON_JSON_H
#define TRAPEZE_TOOLS_COMMON_JSON_H

#include <stdint.h>

#include <jansson.h>

/* Prints to standard output and releases the object, two spaces an indent and
 * one member a line. NULL is "out of memory". Returns an exit status. */
int json_print(const char *command, json_t *object);

/* A string, or null. */
json_t *json_text(const char *text);
/* 32 bits as "0x00001f34". */
json_t *json_hex(uint32_t value);
/* 64 bits as 16 hexadecimal digits: JSON's numbers would lose some. */
json_t *json_hash(uint64_t value);

#endif
