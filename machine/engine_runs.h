/* Runs of neighbours that the fast engine does with one dispatch, by their user instructions:
 * loops, calls, addressing, switches, as compilers and people write them. ENGINE_RUNS(R1, …,
 * R6) has an entry for each: R1(first, form), R2(first, second, known, form) and so on.
 * Only the last may be one that always jumps; at most one goes by its immediate.
 *
 * KNOWN says which operand names the register that the one before has written: A, B, C or
 * NONE. Handed on so, a value does not go through memory on the host.
 *
 * FORM says what is known of a jump when it is decoded: ANY, nothing; AHEAD or BACK, it stays
 * within the page, and jumps ahead or not; GONE, the return address goes to `zero`. */
#ifndef TRAPEZE_MACHINE_ENGINE_RUNS_H
#define TRAPEZE_MACHINE_ENGINE_RUNS_H

#define ENGINE_RUN_MAX 6u /* instructions */

enum engine_known { KNOWN_NONE, KNOWN_A, KNOWN_B, KNOWN_C };

enum engine_form {
  FORM_ANY = 0,
  FORM_AHEAD = 1,
  FORM_BACK = 2,
  FORM_REACH = 3, /* mask of these two */
  FORM_GONE = 4,
  FORM_AHEAD_GONE = FORM_AHEAD | FORM_GONE,
  FORM_BACK_GONE = FORM_BACK | FORM_GONE,
};

/* clang-format off */
#define ENGINE_BRANCH1(X, F)       X(F, AHEAD) X(F, BACK)
#define ENGINE_BRANCH2(X, F, S, K) X(F, S, K, ANY) X(F, S, K, AHEAD) X(F, S, K, BACK)
#define ENGINE_JAL2(X, F)                                                                          \
  X(F, JAL, NONE, ANY) X(F, JAL, NONE, AHEAD) X(F, JAL, NONE, BACK)                                \
  X(F, JAL, NONE, AHEAD_GONE) X(F, JAL, NONE, BACK_GONE)
#define ENGINE_JALR2(X, F, K) X(F, JALR, K, ANY) X(F, JALR, K, GONE)

#define ENGINE_SINGLES(X)                                                                          \
  ENGINE_BRANCH1(X, BEQ) ENGINE_BRANCH1(X, BNE) ENGINE_BRANCH1(X, BLT)                             \
  ENGINE_BRANCH1(X, BGE) ENGINE_BRANCH1(X, BLTU) ENGINE_BRANCH1(X, BGEU)                           \
  X(JAL, AHEAD) X(JAL, BACK) X(JAL, AHEAD_GONE) X(JAL, BACK_GONE) X(JALR, GONE)

/* What may follow: loads, stores, arithmetic, branches. */
#define ENGINE_PAIRS_MEMORY(X, F)                                                                  \
  X(F, LW, NONE, ANY) X(F, SW, NONE, ANY) X(F, LBU, NONE, ANY) X(F, SB, NONE, ANY)
#define ENGINE_PAIRS_SIMPLE(X, F)                                                                  \
  X(F, ADD, NONE, ANY) X(F, SUB, NONE, ANY) X(F, ADDI, NONE, ANY) X(F, ANDI, NONE, ANY)            \
  X(F, SLLI, NONE, ANY) X(F, SRLI, NONE, ANY) X(F, XOR, NONE, ANY) X(F, AND, NONE, ANY)            \
  X(F, OR, NONE, ANY)
#define ENGINE_PAIRS_BRANCH(X, F)                                                                  \
  ENGINE_BRANCH2(X, F, BEQ, NONE) ENGINE_BRANCH2(X, F, BNE, NONE)                                  \
  ENGINE_BRANCH2(X, F, BLT, NONE) ENGINE_BRANCH2(X, F, BGE, NONE)                                  \
  ENGINE_BRANCH2(X, F, BLTU, NONE) ENGINE_BRANCH2(X, F, BGEU, NONE)
#define ENGINE_PAIRS_ALL(X, F)                                                                     \
  ENGINE_PAIRS_MEMORY(X, F) ENGINE_PAIRS_SIMPLE(X, F) ENGINE_PAIRS_BRANCH(X, F)                    \
  ENGINE_JAL2(X, F) ENGINE_JALR2(X, F, NONE)
/* The first is a branch. */
#define ENGINE_PAIRS_PASSED(X, F)                                                                  \
  ENGINE_BRANCH2(X, F, ADD, NONE) ENGINE_BRANCH2(X, F, SUB, NONE)                                  \
  ENGINE_BRANCH2(X, F, ADDI, NONE) ENGINE_BRANCH2(X, F, ANDI, NONE)                                \
  ENGINE_BRANCH2(X, F, SLLI, NONE) ENGINE_BRANCH2(X, F, SRLI, NONE)                                \
  ENGINE_BRANCH2(X, F, XOR, NONE) ENGINE_BRANCH2(X, F, AND, NONE) ENGINE_BRANCH2(X, F, OR, NONE)

#define ENGINE_PAIRS(X)                                                                            \
  ENGINE_PAIRS_ALL(X, ADDI)                                                                        \
  ENGINE_PAIRS_ALL(X, ADD)                                                                         \
  ENGINE_PAIRS_ALL(X, LW)                                                                          \
  ENGINE_PAIRS_ALL(X, SW)                                                                          \
  ENGINE_PAIRS_SIMPLE(X, SLLI)                                                                     \
  ENGINE_PAIRS_SIMPLE(X, SRLI)                                                                     \
  ENGINE_PAIRS_SIMPLE(X, XOR)                                                                      \
  ENGINE_PAIRS_SIMPLE(X, SUB)                                                                      \
  ENGINE_PAIRS_SIMPLE(X, AND)                                                                      \
  ENGINE_PAIRS_SIMPLE(X, OR)                                                                       \
  ENGINE_PAIRS_SIMPLE(X, MUL)                                                                      \
  ENGINE_PAIRS_BRANCH(X, ANDI)                                                                     \
  ENGINE_PAIRS_SIMPLE(X, ANDI)                                                                     \
  ENGINE_PAIRS_BRANCH(X, LBU)                                                                      \
  ENGINE_PAIRS_SIMPLE(X, LBU)                                                                      \
  ENGINE_PAIRS_MEMORY(X, LUI)                                                                      \
  ENGINE_PAIRS_PASSED(X, BEQ)                                                                      \
  ENGINE_PAIRS_PASSED(X, BNE)                                                                      \
  X(LBU, SB, NONE, ANY) X(SB, ADDI, NONE, ANY) X(SB, ADD, NONE, ANY) X(SLLI, LW, NONE, ANY)        \
  X(LUI, ADDI, NONE, ANY) X(LUI, ADD, NONE, ANY) X(LUI, ORI, NONE, ANY)                            \
  X(AUIPC, ADDI, NONE, ANY) X(AUIPC, JALR, NONE, ANY) X(AUIPC, LW, NONE, ANY)                      \
  ENGINE_BRANCH2(X, SLT, BEQ, NONE) ENGINE_BRANCH2(X, SLT, BNE, NONE)                              \
  ENGINE_BRANCH2(X, SLTU, BEQ, NONE) ENGINE_BRANCH2(X, SLTU, BNE, NONE)                            \
  ENGINE_BRANCH2(X, SLTI, BEQ, NONE) ENGINE_BRANCH2(X, SLTI, BNE, NONE)                            \
  ENGINE_BRANCH2(X, SLTIU, BEQ, NONE) ENGINE_BRANCH2(X, SLTIU, BNE, NONE)
/* Of these pairs, those where the second often reads what the first has written: addresses that
 * are computed and used, tables of jumps, loops' ends. */
#define ENGINE_CHAINS(X)                                                                           \
  X(SLLI, ADD, B, ANY) X(SLLI, ADD, C, ANY) X(ADD, LW, B, ANY) X(ADD, LBU, B, ANY)                 \
  X(ADD, SW, B, ANY) X(ADD, SB, B, ANY) ENGINE_JALR2(X, LW, B) X(LW, ADD, B, ANY)                  \
  X(LW, ADD, C, ANY) X(LW, ADDI, B, ANY) X(LW, SLLI, B, ANY) ENGINE_BRANCH2(X, LW, BEQ, A)         \
  ENGINE_BRANCH2(X, LW, BNE, A) ENGINE_BRANCH2(X, LBU, BEQ, A) ENGINE_BRANCH2(X, LBU, BNE, A)      \
  X(LBU, ADD, B, ANY) X(LBU, ADD, C, ANY) X(LBU, SLLI, B, ANY) X(ADDI, ADDI, B, ANY)               \
  ENGINE_BRANCH2(X, ADDI, BEQ, A) ENGINE_BRANCH2(X, ADDI, BNE, A)                                  \
  ENGINE_BRANCH2(X, ADDI, BLT, A) ENGINE_BRANCH2(X, ADDI, BLTU, A)                                 \
  ENGINE_BRANCH2(X, ANDI, BEQ, A) ENGINE_BRANCH2(X, ANDI, BNE, A) X(ANDI, SLLI, B, ANY)            \
  X(SRLI, ANDI, B, ANY) X(SRLI, XOR, B, ANY) X(SRLI, XOR, C, ANY) X(LUI, ADDI, B, ANY)             \
  X(LUI, LW, B, ANY) X(MUL, ADD, B, ANY) X(MUL, ADD, C, ANY)

#define ENGINE_TRIPLES(X)                                                                          \
  X(ADD, ADD, BGEU, C, NONE, BACK) X(ADD, LW, XOR, B, C, ANY)                                      \
  X(ADDI, ADDI, BEQ, NONE, NONE, BACK) X(ADDI, ADDI, BNE, NONE, NONE, BACK)                        \
  X(ADDI, ADDI, JAL, NONE, NONE, BACK) X(ADDI, ADDI, JAL, NONE, NONE, BACK_GONE)                   \
  X(ADDI, ADDI, SW, NONE, A, ANY) X(ADDI, ADDI, SW, NONE, NONE, ANY)                               \
  X(ADDI, ANDI, ADD, NONE, B, ANY) X(ADDI, SB, BNE, B, NONE, BACK)                                 \
  X(ADDI, SB, BNE, NONE, NONE, BACK) X(ADDI, SW, JAL, NONE, NONE, AHEAD_GONE)                      \
  X(ADDI, SW, JAL, NONE, NONE, BACK_GONE) X(BGE, LW, ADDI, NONE, NONE, AHEAD)                      \
  X(BLTU, LW, LW, NONE, NONE, AHEAD) X(LBU, ADDI, BEQ, NONE, NONE, BACK)                           \
  X(LBU, BEQ, ADDI, A, NONE, AHEAD) X(LBU, LBU, ADDI, NONE, NONE, ANY)                             \
  X(LH, LH, ADDI, NONE, NONE, ANY) X(LW, ADDI, BLT, NONE, NONE, BACK)                              \
  X(LW, ADDI, JALR, NONE, NONE, GONE) X(LW, LW, ADDI, NONE, NONE, ANY)                             \
  X(LW, LW, BGE, NONE, NONE, AHEAD) X(MUL, ADD, BNE, C, NONE, BACK)                                \
  X(SRLI, BEQ, XOR, NONE, NONE, AHEAD) X(SW, ADDI, JAL, NONE, NONE, BACK_GONE)
#define ENGINE_FOURS(X)                                                                            \
  X(ADD, LW, ADDI, LW, NONE, NONE, NONE, ANY) X(ADD, SLLI, ADD, ADD, B, C, NONE, ANY)              \
  X(ADDI, ADDI, ADDI, BNE, NONE, NONE, NONE, BACK)                                                 \
  X(ADDI, ADDI, ADDI, JAL, NONE, NONE, NONE, BACK)                                                 \
  X(ADDI, ADDI, ADDI, JAL, NONE, NONE, NONE, BACK_GONE)                                            \
  X(ADDI, ADDI, SW, JAL, NONE, NONE, NONE, AHEAD_GONE)                                             \
  X(ADDI, ADDI, SW, JAL, NONE, NONE, NONE, BACK_GONE) X(ADDI, ANDI, ADD, SH, NONE, B, A, ANY)      \
  X(ADDI, LBU, ADDI, LBU, NONE, NONE, NONE, ANY) X(ADDI, LW, BNE, SUB, NONE, NONE, NONE, BACK)     \
  X(ADDI, MUL, ADD, BNE, NONE, C, NONE, BACK) X(ADDI, SRLI, BNE, ADDI, NONE, NONE, NONE, BACK)     \
  X(ADDI, SW, SW, ADDI, B, NONE, NONE, ANY) X(ADDI, SW, SW, SW, B, NONE, NONE, ANY)                \
  X(ANDI, SLLI, ADDI, ADD, B, B, B, ANY) X(BEQ, LH, LH, ADDI, NONE, NONE, NONE, AHEAD)             \
  X(DIV, REM, SLLI, ADD, NONE, NONE, B, ANY) X(LBU, ADDI, ADDI, BEQ, NONE, NONE, NONE, BACK)       \
  X(LBU, ADDI, XOR, ANDI, NONE, NONE, B, ANY) X(LBU, BEQ, ADDI, ADDI, A, NONE, NONE, AHEAD)        \
  X(LBU, BEQ, ADDI, LBU, A, NONE, B, AHEAD) X(LBU, LBU, ADDI, ADDI, NONE, NONE, NONE, ANY)         \
  X(LBU, SRLI, ADDI, XOR, NONE, NONE, NONE, ANY) X(LH, LH, ADDI, ADDI, NONE, NONE, NONE, ANY)      \
  X(LH, LH, ADDI, BGE, NONE, NONE, NONE, BACK) X(LW, ADDI, ADDI, SW, NONE, NONE, A, ANY)           \
  X(LW, ADDI, SW, ADDI, NONE, A, NONE, ANY) X(LW, ADDI, SW, ADDI, NONE, NONE, NONE, ANY)           \
  X(LW, ADDI, SW, LW, NONE, NONE, NONE, ANY) X(LW, LW, ADDI, ADDI, NONE, NONE, NONE, ANY)          \
  X(LW, SW, LW, SW, A, NONE, A, ANY) X(MUL, ADDI, ADD, SW, NONE, NONE, A, ANY)                     \
  X(SB, ADD, ADD, BLTU, NONE, NONE, NONE, BACK) X(SLLI, ADD, LW, ADDI, B, NONE, NONE, ANY)         \
  X(SLLI, ADD, LW, ADDI, C, B, NONE, ANY) X(SLLI, ADD, LW, JALR, B, B, B, GONE)                    \
  X(SW, ADDI, ADDI, JAL, NONE, NONE, NONE, BACK_GONE) X(SW, LW, ADDI, SW, NONE, NONE, NONE, ANY)   \
  X(SW, SW, SW, SW, NONE, NONE, NONE, ANY)
#define ENGINE_FIVES(X)                                                                            \
  X(ADD, LW, XOR, BNE, ADDI, B, C, NONE, NONE, BACK)                                               \
  X(ADD, SLLI, ADD, ADD, LHU, B, C, NONE, NONE, ANY)                                               \
  X(ADDI, ADDI, MUL, ADD, BNE, NONE, NONE, C, NONE, BACK)                                          \
  X(ADDI, ANDI, ADD, SH, BNE, NONE, B, A, NONE, BACK)                                              \
  X(ADDI, LBU, ADDI, ADDI, BEQ, B, NONE, NONE, NONE, BACK)                                         \
  X(ADDI, SW, SW, SW, ADDI, B, NONE, NONE, NONE, ANY)                                              \
  X(ANDI, ADDI, SRLI, BEQ, XOR, NONE, NONE, NONE, NONE, AHEAD)                                     \
  X(LBU, ADDI, ADDI, SB, BNE, NONE, NONE, NONE, NONE, BACK)                                        \
  X(LBU, ADDI, BEQ, LBU, ADDI, NONE, NONE, NONE, NONE, BACK)                                       \
  X(LBU, BEQ, ADDI, ADDI, ADDI, A, NONE, NONE, NONE, AHEAD)                                        \
  X(LBU, BEQ, ADDI, LBU, ADDI, A, NONE, B, NONE, AHEAD)                                            \
  X(LBU, LBU, ADDI, ADDI, ADDI, NONE, NONE, NONE, NONE, ANY)                                       \
  X(LH, LH, ADDI, ADDI, MUL, NONE, NONE, NONE, NONE, ANY)                                          \
  X(LW, ADDI, LW, ADDI, JALR, NONE, NONE, NONE, NONE, GONE)                                        \
  X(LW, ADDI, SW, LW, BEQ, NONE, NONE, NONE, A, AHEAD)                                             \
  X(LW, LW, ADDI, ADDI, MUL, NONE, NONE, NONE, NONE, ANY)                                          \
  X(LW, LW, ADDI, LBU, ADD, NONE, NONE, NONE, NONE, ANY)                                           \
  X(LW, LW, LW, ADDI, JALR, NONE, NONE, NONE, NONE, GONE)                                          \
  X(MUL, ADDI, ADD, SW, BNE, NONE, NONE, A, NONE, BACK)                                            \
  X(SRAI, SLLI, ADD, LW, ADDI, B, C, B, NONE, ANY)                                                 \
  X(SW, SW, ADDI, ADDI, JAL, NONE, NONE, NONE, NONE, BACK_GONE)                                    \
  X(XOR, ANDI, SRLI, BEQ, XOR, B, NONE, NONE, NONE, AHEAD)
#define ENGINE_SIXES(X)                                                                            \
  X(ADD, LW, ADDI, LW, ADDI, JALR, NONE, NONE, NONE, NONE, NONE, GONE)                             \
  X(ADD, SLLI, ADD, ADD, LHU, LHU, B, C, NONE, NONE, NONE, ANY)                                    \
  X(ADDI, BLTU, SLLI, ADD, LW, JALR, NONE, NONE, B, B, B, AHEAD_GONE)                              \
  X(ADDI, SW, SW, ADDI, ADDI, BGEU, B, NONE, NONE, NONE, NONE, AHEAD)                              \
  X(BGEU, ADDI, SW, SW, SW, ADDI, NONE, B, NONE, NONE, NONE, AHEAD)                                \
  X(DIV, REM, SLLI, ADD, SLLI, ADDI, NONE, NONE, B, B, NONE, ANY)                                  \
  X(LBU, ADDI, XOR, ANDI, ADDI, SRLI, NONE, NONE, B, NONE, NONE, ANY)                              \
  X(LBU, BEQ, ADDI, LBU, ADDI, ADDI, A, NONE, B, NONE, NONE, AHEAD)                                \
  X(LBU, LBU, ADDI, ADDI, ADDI, SW, NONE, NONE, NONE, NONE, NONE, ANY)                             \
  X(LBU, SRLI, ADDI, XOR, ANDI, SLLI, NONE, NONE, NONE, B, B, ANY)                                 \
  X(LH, LH, ADDI, ADDI, MUL, ADD, NONE, NONE, NONE, NONE, C, ANY)                                  \
  X(LW, ADDI, ADDI, SW, ADD, LW, NONE, NONE, A, NONE, NONE, ANY)                                   \
  X(LW, ADDI, ADDI, SW, ADDI, JAL, NONE, NONE, NONE, NONE, NONE, BACK_GONE)                        \
  X(LW, LW, ADDI, ADDI, MUL, ADD, NONE, NONE, NONE, NONE, C, ANY)                                  \
  X(LW, SW, LW, SW, LW, SW, A, NONE, A, NONE, A, ANY)                                              \
  X(SUB, SRAI, SLLI, ADD, LW, ADDI, B, B, C, B, NONE, ANY)                                         \
  X(SW, LW, ADDI, SW, LW, BEQ, NONE, NONE, NONE, NONE, A, AHEAD)
/* clang-format on */

#define ENGINE_RUNS(R1, R2, R3, R4, R5, R6)                                                        \
  ENGINE_SINGLES(R1)                                                                               \
  ENGINE_PAIRS(R2)                                                                                 \
  ENGINE_CHAINS(R2) ENGINE_TRIPLES(R3) ENGINE_FOURS(R4) ENGINE_FIVES(R5) ENGINE_SIXES(R6)

/* A name for each, with what stands before it. */
#define ENGINE_NAME1(P, F, FORM)             P##_##F##_##FORM
#define ENGINE_NAME2(P, F, S, K, FORM)       P##_##F##_##S##_##K##_##FORM
#define ENGINE_NAME3(P, F, S, T, K, L, FORM) P##_##F##_##S##_##T##_##K##_##L##_##FORM
#define ENGINE_NAME4(P, F, S, T, U, K, L, M, FORM)                                                 \
  P##_##F##_##S##_##T##_##U##_##K##_##L##_##M##_##FORM
#define ENGINE_NAME5(P, F, S, T, U, V, K, L, M, N, FORM)                                           \
  P##_##F##_##S##_##T##_##U##_##V##_##K##_##L##_##M##_##N##_##FORM
#define ENGINE_NAME6(P, F, S, T, U, V, W, K, L, M, N, O, FORM)                                     \
  P##_##F##_##S##_##T##_##U##_##V##_##W##_##K##_##L##_##M##_##N##_##O##_##FORM

#define RUN1(...) ENGINE_NAME1(RUN, __VA_ARGS__),
#define RUN2(...) ENGINE_NAME2(RUN, __VA_ARGS__),
#define RUN3(...) ENGINE_NAME3(RUN, __VA_ARGS__),
#define RUN4(...) ENGINE_NAME4(RUN, __VA_ARGS__),
#define RUN5(...) ENGINE_NAME5(RUN, __VA_ARGS__),
#define RUN6(...) ENGINE_NAME6(RUN, __VA_ARGS__),
enum engine_run { ENGINE_RUNS(RUN1, RUN2, RUN3, RUN4, RUN5, RUN6) ENGINE_RUN_COUNT };
#undef RUN1
#undef RUN2
#undef RUN3
#undef RUN4
#undef RUN5
#undef RUN6

/* What each is: its instructions, of each what it knows of the one before, and its form. */
struct run {
  uint8_t insn[ENGINE_RUN_MAX], known[ENGINE_RUN_MAX];
  uint8_t count, form;
};
#define ENGINE_ROW1(F, FORM)       {{ISA_##F}, {0}, 1, FORM_##FORM},
#define ENGINE_ROW2(F, S, K, FORM) {{ISA_##F, ISA_##S}, {0, KNOWN_##K}, 2, FORM_##FORM},
#define ENGINE_ROW3(F, S, T, K, L, FORM)                                                           \
  {{ISA_##F, ISA_##S, ISA_##T}, {0, KNOWN_##K, KNOWN_##L}, 3, FORM_##FORM},
#define ENGINE_ROW4(F, S, T, U, K, L, M, FORM)                                                     \
  {{ISA_##F, ISA_##S, ISA_##T, ISA_##U}, {0, KNOWN_##K, KNOWN_##L, KNOWN_##M}, 4, FORM_##FORM},
#define ENGINE_ROW5(F, S, T, U, V, K, L, M, N, FORM)                                               \
  {{ISA_##F, ISA_##S, ISA_##T, ISA_##U, ISA_##V},                                                  \
   {0, KNOWN_##K, KNOWN_##L, KNOWN_##M, KNOWN_##N},                                                \
   5,                                                                                              \
   FORM_##FORM},
#define ENGINE_ROW6(F, S, T, U, V, W, K, L, M, N, O, FORM)                                         \
  {{ISA_##F, ISA_##S, ISA_##T, ISA_##U, ISA_##V, ISA_##W},                                         \
   {0, KNOWN_##K, KNOWN_##L, KNOWN_##M, KNOWN_##N, KNOWN_##O},                                     \
   6,                                                                                              \
   FORM_##FORM},
#define ENGINE_RUN_ROWS                                                                            \
  ENGINE_RUNS(ENGINE_ROW1, ENGINE_ROW2, ENGINE_ROW3, ENGINE_ROW4, ENGINE_ROW5, ENGINE_ROW6)

#endif
