/* Raw output: the bytes from the lowest section to the highest, without .bss at
 * the end.
 */
#include <stdlib.h>
#include <string.h>

#include "asm/assembly.h"

enum asm_status output_raw(struct assembly *a, struct asm_output *out)
{
  const struct section *order[SECTION_COUNT];
  sections_by_address(a, order);
  uint64_t start = UINT64_MAX, end = 0;
  for (int i = 0; i < SECTION_COUNT; i++) {
    const struct section *s = order[i];
    if (s->size == 0 || s->nobits)
      continue;
    start = start < s->base ? start : s->base;
    end = (uint64_t)s->base + s->size;
  }
  if (end == 0)
    start = 0;
  if (end - start > CONTENT_LIMIT) {
    fprintf(a->options->errors, "error: the raw file would be bigger than %u MiB; write ELF\n",
            CONTENT_LIMIT >> 20);
    return ASM_ERRORS;
  }
  out->bytes = calloc(1, (size_t)(end - start) + 1);
  if (!out->bytes) {
    fputs("error: out of memory\n", a->options->errors);
    return ASM_HOST;
  }
  out->len = (size_t)(end - start);
  for (int i = 0; i < SECTION_COUNT; i++)
    if (order[i]->size && !order[i]->nobits)
      memcpy(out->bytes + (order[i]->base - start), order[i]->bytes, order[i]->size);
  return ASM_OK;
}
