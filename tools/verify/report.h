/* What verify found, for a person and for a program. */
#ifndef TRAPEZE_TOOLS_VERIFY_REPORT_H
#define TRAPEZE_TOOLS_VERIFY_REPORT_H

#include "tools/common/setup.h"
#include "tools/verify/verify.h"

struct report {
  const struct setup *setup;
  const struct verify_config *config;
  const struct verify_result *result;
  unsigned depth;
  enum vmm_technique technique;
  uint32_t sectors;
};

/* 80 columns; colour where message_color() allows it. Returns an exit status. */
int report_print(const struct report *r, FILE *out);
/* Only what it says of the first divergence, if there is one; without colour. */
void report_print_divergence(const struct report *r, FILE *out);
/* Schema trapeze-verify/1. Returns an exit status. */
int report_print_json(const struct report *r);

/* One sentence: what a machine did with the tick of the divergence. Returns buf. */
char *report_deed(const struct report *r, const struct divergence *d, unsigned which, char *buf,
                  size_t size);
/* Sentences: why they differ, by the profile and by the theory. Returns buf. */
char *report_reason(const struct profile *p, enum vmm_technique technique,
                    const struct divergence *d, char *buf, size_t size);
/* They in lines of 80 columns, two of them blank. Changes text. */
void report_print_reason(char *text, FILE *out);

#endif
