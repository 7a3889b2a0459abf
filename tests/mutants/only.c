/* Linked into a unit test that tries a mutant: runs the one test that ONLY names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static __attribute__((constructor)) void only_the_named_test(void)
{
  cmocka_set_test_filter(getenv("ONLY"));
}
