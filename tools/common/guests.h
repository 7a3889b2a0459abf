/* The programs that come with trapeze: their sources are compiled in
 * (guestos/, written by tools/build/embed.c) and assembled when they are used.
 */
#ifndef TRAPEZE_TOOLS_COMMON_GUESTS_H
#define TRAPEZE_TOOLS_COMMON_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "asm/asm.h"
#include "isa/embed.h"

/* What stands before an embedded name in messages: "guestos/minos.s". */
#define GUESTS_FOLDER "guestos/"

/* Names without a path are shipped ones; a '/' or a '.' makes it a file. */
bool guests_is_shipped_name(const char *name);

/* The source "NAME.s" or the console session "NAME.in" of a shipped guest; NULL: none.
 * A variant of another ("minos-mmio") without a session of its own has the other's. */
const struct embedded_file *guests_source(const char *name);
const struct embedded_file *guests_session(const char *name);

/* The word that the first comment line of a shipped guest's source gives for the option `key`
 * ("mmu", "io"), as in "(--mmu=paged)": that is the machine it was made for. NULL: none. */
const char *guests_wants(const char *name, const char *key);

/* The table itself, ended by a NULL name (generated). */
extern const struct embedded_file tools_embedded_guests[];

/* Any embedded file by the name that messages use; NULL: none. */
const struct embedded_file *guests_file(const char *path);

/* Calls back with each shipped guest's name, and what its first comment line says. */
typedef void guests_visit(void *ctx, const char *name, const char *summary);
void guests_each(guests_visit *visit, void *ctx);

/* Reads embedded files, by the names that messages use. */
extern const struct asm_reader guests_reader;

#endif
