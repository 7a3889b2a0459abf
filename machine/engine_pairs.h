/* Pairs of neighbours that the fast engine runs with one dispatch, by their user
 * instructions. X(first, second). A first may not be one that always jumps; the
 * list follows what compilers and people write: addressing, loops, calls. */
#ifndef TRAPEZE_MACHINE_ENGINE_PAIRS_H
#define TRAPEZE_MACHINE_ENGINE_PAIRS_H

/* clang-format off */
/* What may follow: loads, stores, arithmetic, branches. */
#define ENGINE_PAIRS_MEMORY(X, F) X(F, LW) X(F, SW) X(F, LBU) X(F, SB)
#define ENGINE_PAIRS_SIMPLE(X, F)                                                                  \
  X(F, ADD) X(F, SUB) X(F, ADDI) X(F, ANDI) X(F, SLLI) X(F, SRLI) X(F, XOR) X(F, AND) X(F, OR)
#define ENGINE_PAIRS_BRANCH(X, F) X(F, BEQ) X(F, BNE) X(F, BLT) X(F, BGE) X(F, BLTU) X(F, BGEU)
#define ENGINE_PAIRS_CALL(X, F)   X(F, JAL) X(F, JALR)
#define ENGINE_PAIRS_ALL(X, F)                                                                     \
  ENGINE_PAIRS_MEMORY(X, F)                                                                        \
  ENGINE_PAIRS_SIMPLE(X, F) ENGINE_PAIRS_BRANCH(X, F) ENGINE_PAIRS_CALL(X, F)

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
  ENGINE_PAIRS_SIMPLE(X, BEQ)                                                                      \
  ENGINE_PAIRS_SIMPLE(X, BNE)                                                                      \
  X(LBU, SB) X(SB, ADDI) X(SB, ADD) X(SLLI, LW)                                                    \
  X(LUI, ADDI) X(LUI, ADD) X(LUI, ORI) X(AUIPC, ADDI) X(AUIPC, JALR) X(AUIPC, LW)                  \
  X(SLT, BEQ) X(SLT, BNE) X(SLTU, BEQ) X(SLTU, BNE)                                                \
  X(SLTI, BEQ) X(SLTI, BNE) X(SLTIU, BEQ) X(SLTIU, BNE)
/* Of these pairs, those whose second reads by operand K what the first has written: X(first,
 * second, K). Addresses that are computed and used, tables of jumps, loops' ends. */
#define ENGINE_CHAINS(X)                                                                           \
  X(SLLI, ADD, B) X(SLLI, ADD, C) X(ADD, LW, B) X(ADD, LBU, B) X(ADD, SW, B) X(ADD, SB, B)         \
  X(LW, JALR, B) X(LW, ADD, B) X(LW, ADD, C) X(LW, ADDI, B) X(LW, SLLI, B) X(LW, BEQ, A)           \
  X(LW, BNE, A) X(LBU, BEQ, A) X(LBU, BNE, A) X(LBU, ADD, B) X(LBU, ADD, C) X(LBU, SLLI, B)        \
  X(ADDI, ADDI, B) X(ADDI, BEQ, A) X(ADDI, BNE, A) X(ADDI, BLT, A) X(ADDI, BLTU, A)                \
  X(ANDI, BEQ, A) X(ANDI, BNE, A) X(ANDI, SLLI, B) X(SRLI, ANDI, B) X(SRLI, XOR, B)                \
  X(SRLI, XOR, C) X(LUI, ADDI, B) X(LUI, LW, B) X(MUL, ADD, B) X(MUL, ADD, C)
/* clang-format on */

#define ENGINE_PAIR_NAME(F, S) PAIR_##F##_##S,
enum engine_pair { ENGINE_PAIRS(ENGINE_PAIR_NAME) ENGINE_PAIR_COUNT };
#undef ENGINE_PAIR_NAME
#define ENGINE_CHAIN_NAME(F, S, K) CHAIN_##F##_##S##_##K,
enum engine_chain { ENGINE_CHAINS(ENGINE_CHAIN_NAME) ENGINE_CHAIN_COUNT };
#undef ENGINE_CHAIN_NAME

#endif
