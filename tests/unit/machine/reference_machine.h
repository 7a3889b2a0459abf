/* A whole PG32 machine with the `bounds` MMU, a second time: written by hand from
 * docs/machine.md and from what the definition says in words about each
 * instruction (its summary, its comments), not from the bodies in isa/pg32.isa nor
 * from machine/. User instructions are reference.h's. It is slow, plain and on its
 * own but for isa_decode().
 *
 * Where the method could be chosen it differs: PSW fields are held one by one,
 * events are looked for at every tick, addresses are 64-bit sums.
 */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_REFERENCE_MACHINE_H
#define TRAPEZE_TESTS_UNIT_MACHINE_REFERENCE_MACHINE_H

#include "machine/machine.h"
#include "reference.h"

#define REFERENCE_SECTORS 16u
#define REFERENCE_INPUTS  16u
#define REFERENCE_TOUCHED 32u
#define REFERENCE_BLOCKS  (MACHINE_MIN_STORAGE / 2048) /* that can have keys */

/* What an instruction does outside mode 0. */
enum reference_behaviour {
  REFERENCE_FULL,
  REFERENCE_TRAP,
  REFERENCE_NOP,
  REFERENCE_PARTIAL,
  REFERENCE_CHECK,
  REFERENCE_ABSENT, /* in mode 0 too */
};

/* Mistakes that the reference makes on request, to show that a comparison with
 * it would notice: X(name, instruction it shows in, behaviour). */
#define REFERENCE_WRONGS(X)                                                                        \
  X(USER_EFFECT, ADD, FULL)                                                                        \
  X(RFE_KEEPS_IE, RFE, FULL)                                                                       \
  X(RFE_KEEPS_PC, RFE, FULL)                                                                       \
  X(LPSW_PC_FROM_FIRST, LPSW, FULL)                                                                \
  X(LPSW_KEEPS_KEY, LPSW, FULL)                                                                    \
  X(LPSW_SECOND_UNCHECKED, LPSW, FULL)                                                             \
  X(LPSW_PARTIAL_TAKES_IE, LPSW, PARTIAL)                                                          \
  X(LPSW_CHECK_LETS_UP, LPSW, CHECK)                                                               \
  X(LPSW_CHECK_TAKES_TE, LPSW, CHECK)                                                              \
  X(LPSW_CHECK_REFUSES_SAME, LPSW, CHECK)                                                          \
  X(JUSER_KEEPS_TE, JUSER, FULL)                                                                   \
  X(JUSER_TE_IN_USER_MODE, JUSER, FULL)                                                            \
  X(JUSER_TO_MODE_1, JUSER, FULL)                                                                  \
  X(PUSHF_WHOLE_PSW, PUSHF, FULL)                                                                  \
  X(PUSHF_STORES_AT_SP, PUSHF, FULL)                                                               \
  X(POPF_KEEPS_IE, POPF, FULL)                                                                     \
  X(POPF_PARTIAL_TAKES_IE, POPF, PARTIAL)                                                          \
  X(POPF_PARTIAL_KEEPS_SP, POPF, PARTIAL)                                                          \
  X(RDPSW_HIDES_MODE, RDPSW, FULL)                                                                 \
  X(STI_NOTHING, STI, FULL)                                                                        \
  X(STI_MODE_0_ONLY, STI, FULL)                                                                    \
  X(CLI_NOTHING, CLI, FULL)                                                                        \
  X(SPL_OFF_BY_ONE, SPL, FULL)                                                                     \
  X(SPL_OTHER_END, SPL, FULL)                                                                      \
  X(MFCR_TICK_AFTER, MFCR, FULL)                                                                   \
  X(MFCR_TIMER_AFTER, MFCR, FULL)                                                                  \
  X(MTCR_VBR_WHOLE, MTCR, FULL)                                                                    \
  X(MTCR_EPSW_WHOLE, MTCR, FULL)                                                                   \
  X(MTCR_TIMER_FROM_BEFORE, MTCR, FULL)                                                            \
  X(MTCR_NO_SUCH_MODE, MTCR, FULL)                                                                 \
  X(MTCR_ABSENT_CR_LEGAL, MTCR, FULL)                                                              \
  X(SVBR_FORGETS_OFFSET, SVBR, FULL)                                                               \
  X(WFI_GOES_ON, WFI, FULL)                                                                        \
  X(WFI_WAKES_BY_IE_ONLY, WFI, FULL)                                                               \
  X(HALT_WAITS, HALT, FULL)                                                                        \
  X(LRA_FORGETS_BASE, LRA, FULL)                                                                   \
  X(LRA_ZERO_IF_NONE, LRA, FULL)                                                                   \
  X(PROBE_WHOLE_WORD, PROBE, FULL)                                                                 \
  X(PROBE_3_IS_2, PROBE, FULL)                                                                     \
  X(LDPREV_CURRENT_TE, LDPREV, FULL)                                                               \
  X(STPREV_PREVIOUS_ONLY, STPREV, FULL)                                                            \
  X(SSK_KEEPS_FETCH, SSK, FULL)                                                                    \
  X(SSK_NEXT_BLOCK, SSK, FULL)                                                                     \
  X(SSK_SMALL_BLOCKS, SSK, FULL)                                                                   \
  X(SSK_NOWHERE, SSK, FULL)                                                                        \
  X(ISK_HIDES_FETCH, ISK, FULL)                                                                    \
  X(ISK_VALUE_0, ISK, FULL)                                                                        \
  X(ISK_TRANSLATES, ISK, FULL)                                                                     \
  X(KEY_LETS_FETCH, ADD, FULL)                                                                     \
  X(KEY_LETS_LOAD, LW, FULL)                                                                       \
  X(KEY_LETS_STORE, SW, FULL)                                                                      \
  X(KEY_0_IS_NO_MASTER, LW, FULL)                                                                  \
  X(KEY_LOAD_AS_STORE, LB, FULL)                                                                   \
  X(KEY_OF_FIRST_BYTE, SW, FULL)                                                                   \
  X(KEY_AFTER_BUS, SW, FULL)                                                                       \
  X(KEY_BEFORE_BOUNDS, SW, FULL)                                                                   \
  X(KEY_BEFORE_ALIGNMENT, SW, FULL)                                                                \
  X(KEY_WHILE_TE, LBU, FULL)                                                                       \
  X(KEY_BY_MODE, LBU, FULL)                                                                        \
  X(KEY_BY_TE_ADDRESS, LBU, FULL)                                                                  \
  X(KEY_LETS_PUSHF, PUSHF, FULL)                                                                   \
  X(KEY_LETS_LDPREV, LDPREV, FULL)                                                                 \
  X(KEY_LETS_STPREV, STPREV, FULL)                                                                 \
  X(KEY_LETS_LRA, LRA, FULL)                                                                       \
  X(KEY_LETS_PROBE, PROBE, FULL)                                                                   \
  X(KEY_AT_DELIVERY, SYS, FULL)                                                                    \
  X(RDTICK_AFTER, RDTICK, FULL)                                                                    \
  X(CPUID_OTHER, CPUID, FULL)                                                                      \
  X(IN_KEEPS_BYTE, IN, FULL)                                                                       \
  X(IN_ANY_PORT, IN, FULL)                                                                         \
  X(IN_VALUE_0, IN, FULL)                                                                          \
  X(OUT_DISK_LATE, OUT, FULL)                                                                      \
  X(OUT_COUNT_UNCHECKED, OUT, FULL)                                                                \
  X(OUT_WHILE_BUSY, OUT, FULL)                                                                     \
  X(SYS_IS_HCALL, SYS, FULL)                                                                       \
  X(SYS_EPC_AFTER, SYS, FULL)                                                                      \
  X(BRK_PRIVILEGED, BRK, FULL)                                                                     \
  X(HCALL_VALUE, HCALL, FULL)                                                                      \
  X(TRAP_ILLEGAL, CLI, TRAP)                                                                       \
  X(TRAP_BEFORE_FETCH, CLI, TRAP)                                                                  \
  X(NOP_TAKES_NO_TIME, CLI, NOP)                                                                   \
  X(ABSENT_PRIVILEGED, CLI, ABSENT)                                                                \
  X(HIGHEST_LINE, ADD, FULL)                                                                       \
  X(IE_IGNORED, ADD, FULL)                                                                         \
  X(IMASK_IGNORED, ADD, FULL)                                                                      \
  X(INTERRUPT_AFTER_FETCH, ADD, FULL)                                                              \
  X(TIMER_LATE, ADD, FULL)                                                                         \
  X(BOUND_BY_FIRST_BYTE, LW, FULL)                                                                 \
  X(BOUND_IS_INCLUSIVE, LB, FULL)                                                                  \
  X(BASE_WRAPS, LW, FULL)                                                                          \
  X(BUS_BEFORE_ALIGNMENT, SW, FULL)                                                                \
  X(MODE_0_UNTRANSLATED, LW, FULL)                                                                 \
  X(FETCH_INSN_KNOWN, JALR, FULL)                                                                  \
  X(DELIVERY_KEEPS_TE, SYS, FULL)                                                                  \
  X(DELIVERY_KEEPS_C, SYS, FULL)                                                                   \
  X(DELIVERY_KEEPS_LINE, ADD, FULL)                                                                \
  X(DELIVERY_NO_TIME, SYS, FULL)                                                                   \
  X(DELIVERY_MISALIGNED, SYS, FULL)                                                                \
  X(DELIVERY_VBR_WRAPS, SYS, FULL)

enum reference_wrong {
  REFERENCE_RIGHT,
#define REFERENCE_WRONG_NAME(name, insn, behaviour) WRONG_##name,
  REFERENCE_WRONGS(REFERENCE_WRONG_NAME)
#undef REFERENCE_WRONG_NAME
};

struct reference_disk {
  uint32_t sector, address, count, error;
  bool busy, reading;
  uint64_t due;
  uint32_t result; /* of the command under way */
  uint32_t at_sector, at_address, at_count;
  uint8_t contents[REFERENCE_SECTORS * 512];
};

/* The network device of a machine on no network: each command completes with error 1. */
struct reference_net {
  uint32_t send_at, send_length, receive_at, send_error, receive_error;
  uint64_t send_due, receive_due; /* 0: none is under way */
};

struct reference_console {
  struct {
    uint64_t at;
    uint8_t byte;
  } input[REFERENCE_INPUTS];
  unsigned count, arrived, read;  /* of input */
  uint64_t written, last_written; /* how many bytes, and the last eight */
};

/* A storage key. */
struct reference_key {
  unsigned access;
  bool fetch; /* protected against fetches and loads too */
};

struct reference_machine {
  struct reference user; /* registers, pc, C, V */
  unsigned mode, pmode, key;
  bool ie, te;
  uint32_t epc, epsw, cause, badva, einsn, vbr, scratch[4], base, bound, ipend, imask;
  uint64_t tick, timer_due; /* MACHINE_NEVER: off */
  enum machine_run_state run_state;
  bool double_fault;
  struct trap fault;
  uint8_t *storage; /* borrowed */
  uint32_t size;
  bool keyed; /* the machine has storage keys */
  struct reference_key block[REFERENCE_BLOCKS];
  struct reference_console console;
  struct reference_disk disk;
  struct reference_net net;

  unsigned modes;
  enum reference_behaviour outside[ISA_INSN_COUNT];
  /* Where storage was written since the owner last looked. */
  struct {
    uint32_t at, len;
  } touched[REFERENCE_TOUCHED];
  unsigned touched_count;
  bool touched_all;             /* too many to list */
  uint64_t met[ISA_INSN_COUNT]; /* fetched and decoded, whatever came of it */
  enum reference_wrong wrong;
};

/* Everything 0 but as after reset; storage is the caller's. */
void reference_reset(struct reference_machine *r, uint8_t *storage, uint32_t size, unsigned modes);
/* docs/machine.md, "At each instruction boundary". Never delivers. */
struct machine_stop reference_run(struct reference_machine *r, uint64_t until);
/* "Delivery". False: double fault. */
bool reference_deliver(struct reference_machine *r, const struct trap *trap);
uint32_t reference_psw(const struct reference_machine *r);
/* By number as mfcr reads and mtcr writes; a TIMER written counts from `from`.
 * Only of registers that exist. */
bool reference_has_cr(enum isa_cr cr);
uint32_t reference_get_cr(const struct reference_machine *r, enum isa_cr cr);
void reference_set_cr(struct reference_machine *r, enum isa_cr cr, uint32_t value, uint64_t from);
/* A byte arrives at tick `at`, which is not past. False: no room. */
bool reference_input(struct reference_machine *r, uint64_t at, uint8_t byte);
/* The next tick at which something happens by itself. */
uint64_t reference_next_event(const struct reference_machine *r);

#endif
