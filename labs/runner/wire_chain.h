/* Channel programs as values of a message (wire.h), both ways.
 */
#ifndef TRAPEZE_LABS_RUNNER_WIRE_CHAIN_H
#define TRAPEZE_LABS_RUNNER_WIRE_CHAIN_H

#include "labs/runner/wire.h"
#include "vmm/modules.h"

_Static_assert(WIRE_STEPS == CHANNEL_MAX_CCWS && WIRE_PIECES == CHANNEL_MAX_PIECES,
               "a message holds the longest program");

/* 4 + 3 * WIRE_STEPS values. The count is cut to what there can be. */
void wire_put_program(uint64_t *v, const struct channel_program *p);
void wire_get_program(const uint64_t *v, struct channel_program *p);
/* 4 + WIRE_PIECES values. */
void wire_put_transfer(uint64_t *v, const struct channel_transfer *t);
void wire_get_transfer(const uint64_t *v, struct channel_transfer *t);
/* 3 + 2 * WIRE_STEPS values. */
void wire_put_chain(uint64_t *v, const struct vmm_real_chain *c);
void wire_get_chain(const uint64_t *v, struct vmm_real_chain *c);

#endif
