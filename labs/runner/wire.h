/* What the judge and the runner of a submission's module say to one another, over one
 * SOCK_SEQPACKET socket. The judge owns machine, guest and disks; the runner has the
 * module and nothing else.
 *
 *   judge -> runner   CALL{seq of the first, how many}, each: function of a module, args, view
 *   runner -> judge   REQUEST{seq of the call, operation of struct vmm_env, args, posted}, any
 *                     number up to the judge's limit, each of them answered:
 *   judge -> runner   ANSWER{seq, same operation, results}
 *   runner -> judge   RETURN{seq of the last call, how many, results of each, posted}
 *
 * A message costs both sides a switch to the other, a hundred times what the rest does. So
 * - what a module often asks for, its processor's registers, comes with the call as a *view*:
 *   the runner answers such requests itself, and says how many they were (`spared`), because
 *   they count as requests like all others;
 * - an operation without a result is *posted*: it goes with the next message, and the judge
 *   looks at it and does it before what that message says;
 * - calls whose answers the judge foretells are put off until another has to be made. The
 *   answers come afterwards, and if they are others, or the module asks for what can
 *   have changed meanwhile, the judge begins the whole test once more and foretells nothing.
 *
 * A submission sends actions, never verdicts. A message has as many values as its calls or
 * operations have arguments or results; another length, sequence number or kind is a protocol
 * error, and the test is over.
 */
#ifndef TRAPEZE_LABS_RUNNER_WIRE_H
#define TRAPEZE_LABS_RUNNER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "isa/isa.h"

/* The descriptor on which the runner finds the judge. */
#define WIRE_FD 3

#define WIRE_VALUES  4096u /* at most */
#define WIRE_RESULTS 200u  /* of one call or operation; so many arguments, too */
#define WIRE_POSTED  512u  /* values at most */
#define WIRE_CALLS   256u  /* in one message, at most */
/* Channel programs: at most so many CCWs, and pieces of a transfer. */
#define WIRE_STEPS  64u
#define WIRE_PIECES 32u

enum wire_kind { WIRE_CALL = 1, WIRE_REQUEST, WIRE_ANSWER, WIRE_RETURN };

/* A number is a value, so is a truth (0 or 1); a struct is its members in order; a posted
 * operation its number and its arguments. */
struct wire {
  uint32_t kind, op; /* op of CALL and RETURN: how many calls */
  uint64_t seq;      /* each call has the number after the one before */
  uint32_t count;    /* of values: so many are sent */
  uint32_t spared;   /* requests since the runner's last message that the view has answered */
  uint64_t value[WIRE_VALUES];
};
_Static_assert(sizeof(struct wire) == 24 + 8 * WIRE_VALUES, "no padding");

/* A view, as it was at the call: registers, pc and all control registers but TIMER, which a
 * module may have to work out. Sent as a set of those that the last view had otherwise
 * (WIRE_VIEW_GIVEN: there is a view), and their values. */
enum { WIRE_VIEW_PC = ISA_REG_COUNT, WIRE_VIEW_CR, WIRE_VIEW = WIRE_VIEW_CR + ISA_CR_COUNT };
#define WIRE_VIEW_GIVEN (UINT64_C(1) << 63)
_Static_assert(WIRE_VIEW < 63, "a bit for each");
/* The most that one call takes. */
#define WIRE_CALL_VALUES (2 + WIRE_RESULTS + WIRE_VIEW)
_Static_assert(WIRE_CALLS * 2 + WIRE_RESULTS + WIRE_POSTED <= WIRE_VALUES, "room for all answers");

/* The functions of vmm/modules.h: X(MODULE, FUNCTION, arguments, results). create answers
 * a handle (0: no memory), which is the first argument of all others. */
#define WIRE_FUNCTIONS(X)                                                                          \
  X(dispatch, create, 0, 1)                                                                        \
  X(dispatch, dispatch, 5, 1)                                                                      \
  X(emulate, create, 0, 1)                                                                         \
  X(emulate, handles, 1, 1)                                                                        \
  X(emulate, emulate, 2, 5)                                                                        \
  X(interpret, create, 0, 1)                                                                       \
  X(interpret, interpret, 1, 5)                                                                    \
  X(reflect, create, 0, 1)                                                                         \
  X(reflect, derive, 5, 5)                                                                         \
  X(reflect, inject, 5, 1)                                                                         \
  X(memory, create, 0, 1)                                                                          \
  X(memory, compose, 1, 2)                                                                         \
  X(memory, translate, 6, 7)                                                                       \
  X(shadow, create, 0, 1)                                                                          \
  X(shadow, compose, 1, 1)                                                                         \
  X(shadow, fault, 5, 1)                                                                           \
  X(shadow, written, 3, 0)                                                                         \
  X(shadow, forget, 2, 0)                                                                          \
  X(timer, create, 0, 1)                                                                           \
  X(timer, set, 3, 0)                                                                              \
  X(timer, left, 2, 1)                                                                             \
  X(timer, next_event, 1, 1)                                                                       \
  X(timer, fire, 2, 1)                                                                             \
  X(schedule, create, 0, 1)                                                                        \
  X(schedule, lend, 4, 1)                                                                          \
  X(minidisk, create, 0, 1)                                                                        \
  X(minidisk, map, 7, 2)                                                                           \
  X(chain, create, 0, 1)                                                                           \
  X(chain, snapshot, 2, 4 + 3 * WIRE_STEPS)                                                        \
  X(chain, translate, 6 + WIRE_PIECES, 3 + 2 * WIRE_STEPS)                                         \
  X(share, create, 0, 1)                                                                           \
  X(share, join, 3, 1)                                                                             \
  X(share, leave, 2, 0)                                                                            \
  X(share, ready, 3, 0)                                                                            \
  X(share, next, 1, 1)                                                                             \
  X(share, quantum, 3, 1)                                                                          \
  X(share, charge, 3, 0)                                                                           \
  X(patch, create, 0, 1)                                                                           \
  X(patch, patch, 2, 2)                                                                            \
  X(patch, original, 2, 2)

enum wire_function {
#define X(module, function, arguments, results) WIRE_##module##_##function,
  WIRE_FUNCTIONS(X)
#undef X
      WIRE_FUNCTION_COUNT
};

/* The operations of struct vmm_env: X(OPERATION, arguments, results). */
#define WIRE_OPERATIONS(X)                                                                         \
  X(get_reg, 1, 1)                                                                                 \
  X(set_reg, 2, 0)                                                                                 \
  X(get_pc, 0, 1)                                                                                  \
  X(set_pc, 1, 0)                                                                                  \
  X(get_cr, 1, 1)                                                                                  \
  X(set_cr, 2, 0)                                                                                  \
  X(wait, 0, 0)                                                                                    \
  X(halt, 0, 0)                                                                                    \
  X(tick, 0, 1)                                                                                    \
  X(hypercalls, 0, 1)                                                                              \
  X(yield, 0, 0)                                                                                   \
  X(exit, 1, 0)                                                                                    \
  X(allocation, 0, 2)                                                                              \
  X(translate, 5, 7)                                                                               \
  X(commit, 3, 0)                                                                                  \
  X(tlb_write, 0, 0)                                                                               \
  X(tlb_probe, 1, 1)                                                                               \
  X(tlb_invalidate, 2, 0)                                                                          \
  X(tlb_get, 1, 3)                                                                                 \
  X(frame, 2, 2)                                                                                   \
  X(table_take, 1, 2)                                                                              \
  X(table_give, 1, 1)                                                                              \
  X(table_load, 1, 2)                                                                              \
  X(table_store, 2, 1)                                                                             \
  X(trace, 2, 0)                                                                                   \
  X(traced, 1, 1)                                                                                  \
  X(count, 1, 0)                                                                                   \
  X(load, 1, 2)                                                                                    \
  X(store, 2, 1)                                                                                   \
  X(read, 3, 2)                                                                                    \
  X(write, 3, 1)                                                                                   \
  X(key_get, 1, 2)                                                                                 \
  X(key_set, 2, 1)                                                                                 \
  X(port_exists, 1, 1)                                                                             \
  X(device_at, 2, 1)                                                                               \
  X(port_at, 1, 1)                                                                                 \
  X(port_in, 1, 1)                                                                                 \
  X(port_out, 2, 0)                                                                                \
  X(channel_start, 1, 1)                                                                           \
  X(channel_test, 1, 1)                                                                            \
  X(disk_place, 3, 4)                                                                              \
  X(decode, 1, 7)                                                                                  \
  X(behaviour, 2, 1)                                                                               \
  X(behaviour_of, 2, 2)                                                                            \
  X(user_mode, 0, 1)                                                                               \
  X(features, 0, 1)

enum wire_operation {
#define X(operation, arguments, results) WIRE_OP_##operation,
  WIRE_OPERATIONS(X)
#undef X
      WIRE_OPERATION_COUNT
};

struct wire_shape {
  const char *name;
  uint32_t arguments, results;
};
/* NULL: there is none of that number. */
const struct wire_shape *wire_function(uint32_t op); /* name: "dispatch.create" … */
const struct wire_shape *wire_operation(uint32_t op);

/* Writes what of `view` (WIRE_VIEW values) is not as in `last`, and makes that so; answers how
 * many values that took. And reads it, from the message's value `*at` on; false: it is none. */
uint32_t wire_put_view(uint64_t *out, uint64_t *last, const uint64_t *view);
bool wire_get_view(const struct wire *w, uint32_t *at, uint64_t *last, bool *given);

/* Whole and unbroken, or false. No signal is raised when the other side is gone. */
bool wire_send(int fd, const struct wire *w);
enum wire_received { WIRE_MESSAGE, WIRE_GONE, WIRE_MALFORMED, WIRE_SILENT };
/* Waits for a message; WIRE_SILENT: longer than the socket's own limit. WIRE_MALFORMED: of another
 * length than it says. What stands behind its values is undefined. */
enum wire_received wire_receive(int fd, struct wire *w);

#endif
