/* cmocka and the headers it wants included before itself. */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_CMOCKA_ALL_H
#define TRAPEZE_TESTS_UNIT_MACHINE_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
