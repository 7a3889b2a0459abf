#undef assert
#ifdef NDEBUG
#define assert(e) ((void)0)
#else
void c_assertion(const char *what, const char *file, int line) __attribute__((noreturn));
#define assert(e) ((e) ? (void)0 : c_assertion(#e, __FILE__, __LINE__))
#endif
