/* Primitives of MMUs, for those who are only met by profiles without them:
 * profile_decode() finds their instructions illegal, so these are never reached. */
#define TLB_WRITE()              RAISE(CAUSE_ILLEGAL, 0)
#define TLB_PROBE(dst, va)       ABSENT(dst, va)
#define TLB_INVALIDATE(va, asid) ABSENT_2(va, asid)
#define ABSENT_2(x, y)                                                                             \
  do {                                                                                             \
    (void)(x);                                                                                     \
    (void)(y);                                                                                     \
    RAISE(CAUSE_ILLEGAL, 0);                                                                       \
  } while (0)
#define ABSENT(dst, x)                                                                             \
  do {                                                                                             \
    (dst) = 0;                                                                                     \
    ABSENT_2(dst, x);                                                                              \
  } while (0)
