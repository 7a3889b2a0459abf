/* Z3, loaded when it is first asked: relocating libz3 takes the loader longer than most
 * commands take for all they do, and only the solver's route needs it. Each function of
 * z3.h that this room calls is defined here, under its own name and by its own prototype
 * (which the compiler checks), and passes its arguments on. */
#include "classify/z3_late.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <z3.h>

/* The names that a system may have for it: Debian's, and the one of a development package. */
static const char *const libraries[] = {"libz3.so.4", "libz3.so"};

/* F(result, name without Z3_, parameters, arguments). */
#define FUNCTIONS(F)                                                                               \
  F(Z3_config, mk_config, (void), ())                                                              \
  F(void, del_config, (Z3_config a), (a))                                                          \
  F(Z3_context, mk_context, (Z3_config a), (a))                                                    \
  F(void, del_context, (Z3_context a), (a))                                                        \
  F(Z3_params, mk_params, (Z3_context a), (a))                                                     \
  F(void, params_inc_ref, (Z3_context a, Z3_params b), (a, b))                                     \
  F(void, params_dec_ref, (Z3_context a, Z3_params b), (a, b))                                     \
  F(void, params_set_uint, (Z3_context a, Z3_params b, Z3_symbol c, unsigned d), (a, b, c, d))     \
  F(Z3_symbol, mk_string_symbol, (Z3_context a, Z3_string b), (a, b))                              \
  F(Z3_sort, mk_bool_sort, (Z3_context a), (a))                                                    \
  F(Z3_sort, mk_bv_sort, (Z3_context a, unsigned b), (a, b))                                       \
  F(Z3_func_decl, mk_func_decl,                                                                    \
    (Z3_context a, Z3_symbol b, unsigned c, const Z3_sort *d, Z3_sort e), (a, b, c, d, e))         \
  F(Z3_ast, mk_app, (Z3_context a, Z3_func_decl b, unsigned c, const Z3_ast *d), (a, b, c, d))     \
  F(Z3_ast, mk_const, (Z3_context a, Z3_symbol b, Z3_sort c), (a, b, c))                           \
  F(Z3_ast, mk_true, (Z3_context a), (a))                                                          \
  F(Z3_ast, mk_false, (Z3_context a), (a))                                                         \
  F(Z3_ast, mk_eq, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                                  \
  F(Z3_ast, mk_not, (Z3_context a, Z3_ast b), (a, b))                                              \
  F(Z3_ast, mk_ite, (Z3_context a, Z3_ast b, Z3_ast c, Z3_ast d), (a, b, c, d))                    \
  F(Z3_ast, mk_implies, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                             \
  F(Z3_ast, mk_and, (Z3_context a, unsigned b, const Z3_ast *c), (a, b, c))                        \
  F(Z3_ast, mk_or, (Z3_context a, unsigned b, const Z3_ast *c), (a, b, c))                         \
  F(Z3_ast, mk_bvnot, (Z3_context a, Z3_ast b), (a, b))                                            \
  F(Z3_ast, mk_bvand, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvor, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                                \
  F(Z3_ast, mk_bvxor, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvneg, (Z3_context a, Z3_ast b), (a, b))                                            \
  F(Z3_ast, mk_bvadd, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvsub, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvmul, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvudiv, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_bvsdiv, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_bvurem, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_bvsrem, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_bvult, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvslt, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvule, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvsle, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvuge, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvsge, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvugt, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvsgt, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_concat, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_extract, (Z3_context a, unsigned b, unsigned c, Z3_ast d), (a, b, c, d))            \
  F(Z3_ast, mk_sign_ext, (Z3_context a, unsigned b, Z3_ast c), (a, b, c))                          \
  F(Z3_ast, mk_zero_ext, (Z3_context a, unsigned b, Z3_ast c), (a, b, c))                          \
  F(Z3_ast, mk_bvshl, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                               \
  F(Z3_ast, mk_bvlshr, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_bvashr, (Z3_context a, Z3_ast b, Z3_ast c), (a, b, c))                              \
  F(Z3_ast, mk_unsigned_int64, (Z3_context a, uint64_t b, Z3_sort c), (a, b, c))                   \
  F(Z3_sort_kind, get_sort_kind, (Z3_context a, Z3_sort b), (a, b))                                \
  F(unsigned, get_bv_sort_size, (Z3_context a, Z3_sort b), (a, b))                                 \
  F(Z3_decl_kind, get_decl_kind, (Z3_context a, Z3_func_decl b), (a, b))                           \
  F(unsigned, get_domain_size, (Z3_context a, Z3_func_decl b), (a, b))                             \
  F(Z3_sort, get_domain, (Z3_context a, Z3_func_decl b, unsigned c), (a, b, c))                    \
  F(Z3_sort, get_range, (Z3_context a, Z3_func_decl b), (a, b))                                    \
  F(int, get_decl_int_parameter, (Z3_context a, Z3_func_decl b, unsigned c), (a, b, c))            \
  F(Z3_func_decl, get_app_decl, (Z3_context a, Z3_app b), (a, b))                                  \
  F(unsigned, get_app_num_args, (Z3_context a, Z3_app b), (a, b))                                  \
  F(Z3_ast, get_app_arg, (Z3_context a, Z3_app b, unsigned c), (a, b, c))                          \
  F(Z3_sort, get_sort, (Z3_context a, Z3_ast b), (a, b))                                           \
  F(Z3_lbool, get_bool_value, (Z3_context a, Z3_ast b), (a, b))                                    \
  F(Z3_ast_kind, get_ast_kind, (Z3_context a, Z3_ast b), (a, b))                                   \
  F(Z3_app, to_app, (Z3_context a, Z3_ast b), (a, b))                                              \
  F(bool, get_numeral_uint64, (Z3_context a, Z3_ast b, uint64_t * c), (a, b, c))                   \
  F(Z3_ast, simplify, (Z3_context a, Z3_ast b), (a, b))                                            \
  F(Z3_model, mk_model, (Z3_context a), (a))                                                       \
  F(void, model_inc_ref, (Z3_context a, Z3_model b), (a, b))                                       \
  F(void, model_dec_ref, (Z3_context a, Z3_model b), (a, b))                                       \
  F(Z3_bool_opt, model_eval, (Z3_context a, Z3_model b, Z3_ast c, bool d, Z3_ast *e),              \
    (a, b, c, d, e))                                                                               \
  F(Z3_func_interp, add_func_interp, (Z3_context a, Z3_model b, Z3_func_decl c, Z3_ast d),         \
    (a, b, c, d))                                                                                  \
  F(void, add_const_interp, (Z3_context a, Z3_model b, Z3_func_decl c, Z3_ast d), (a, b, c, d))    \
  F(void, func_interp_inc_ref, (Z3_context a, Z3_func_interp b), (a, b))                           \
  F(void, func_interp_dec_ref, (Z3_context a, Z3_func_interp b), (a, b))                           \
  F(void, func_interp_add_entry, (Z3_context a, Z3_func_interp b, Z3_ast_vector c, Z3_ast d),      \
    (a, b, c, d))                                                                                  \
  F(void, set_ast_print_mode, (Z3_context a, Z3_ast_print_mode b), (a, b))                         \
  F(Z3_string, ast_to_string, (Z3_context a, Z3_ast b), (a, b))                                    \
  F(Z3_string, func_decl_to_string, (Z3_context a, Z3_func_decl b), (a, b))                        \
  F(Z3_ast_vector, parse_smtlib2_string,                                                           \
    (Z3_context a, Z3_string b, unsigned c, const Z3_symbol *d, const Z3_sort *e, unsigned f,      \
     const Z3_symbol *g, const Z3_func_decl *h),                                                   \
    (a, b, c, d, e, f, g, h))                                                                      \
  F(void, set_error_handler, (Z3_context a, Z3_error_handler b), (a, b))                           \
  F(Z3_string, get_error_msg, (Z3_context a, Z3_error_code b), (a, b))                             \
  F(Z3_solver, mk_simple_solver, (Z3_context a), (a))                                              \
  F(void, solver_set_params, (Z3_context a, Z3_solver b, Z3_params c), (a, b, c))                  \
  F(void, solver_inc_ref, (Z3_context a, Z3_solver b), (a, b))                                     \
  F(void, solver_dec_ref, (Z3_context a, Z3_solver b), (a, b))                                     \
  F(void, solver_assert, (Z3_context a, Z3_solver b, Z3_ast c), (a, b, c))                         \
  F(Z3_lbool, solver_check, (Z3_context a, Z3_solver b), (a, b))                                   \
  F(Z3_lbool, solver_check_assumptions, (Z3_context a, Z3_solver b, unsigned c, const Z3_ast *d),  \
    (a, b, c, d))                                                                                  \
  F(Z3_model, solver_get_model, (Z3_context a, Z3_solver b), (a, b))                               \
  F(Z3_ast_vector, solver_get_unsat_core, (Z3_context a, Z3_solver b), (a, b))                     \
  F(Z3_ast_vector, mk_ast_vector, (Z3_context a), (a))                                             \
  F(void, ast_vector_inc_ref, (Z3_context a, Z3_ast_vector b), (a, b))                             \
  F(void, ast_vector_dec_ref, (Z3_context a, Z3_ast_vector b), (a, b))                             \
  F(unsigned, ast_vector_size, (Z3_context a, Z3_ast_vector b), (a, b))                            \
  F(Z3_ast, ast_vector_get, (Z3_context a, Z3_ast_vector b, unsigned c), (a, b, c))                \
  F(void, ast_vector_push, (Z3_context a, Z3_ast_vector b, Z3_ast c), (a, b, c))

#define MEMBER(type, name, parameters, arguments) type(*name) parameters;
struct functions {
  FUNCTIONS(MEMBER)
  void *(*exceptions_of_thread)(void); /* of C++'s ABI; NULL: none */
};

/* _exit(): as in terms.c, whatever thread it is. */
_Noreturn static void missing(const char *what)
{
  flockfile(stderr);
  fprintf(stderr, "trapeze: error: the solver cannot be loaded: %s (package libz3-4)\n", what);
  _exit(3);
}

static void *find(void *library, const char *name)
{
  void *found = dlsym(library, name);
  if (!found) {
    missing(dlerror());
  }
  return found;
}

/* An exception that nobody catches. The C++ library would say so in its own words. */
static void end_silently(void)
{
  abort();
}

/* C++'s std::set_terminate, which C can only find by its mangled name; Z3 brings the
 * library that has it. Without it there is a line more on stderr. */
static void end_silently_on_exceptions(void *library)
{
  void *(*set_terminate)(void (*)(void));
  void *found = dlsym(library, "_ZSt13set_terminatePFvvE");
  memcpy(&set_terminate, &found, sizeof found);
  if (found) {
    set_terminate(end_silently);
  }
}

static struct functions loaded; /* written once, by load_functions() */

/* A context is 15 MB, made for one instruction and deleted. The C library would give that
 * back to the host each time, and each page of it would be a fault again. */
static void keep_storage(void)
{
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

static void load_functions(void)
{
  void *library = NULL;
  keep_storage();
  for (size_t i = 0; !library && i < sizeof libraries / sizeof *libraries; i++) {
    library = dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL);
  }
  if (!library) {
    missing(dlerror());
  }
#define FIND(type, name, parameters, arguments) loaded.name = find(library, "Z3_" #name);
  FUNCTIONS(FIND)
  void *found = dlsym(library, "__cxa_get_globals");
  memcpy(&loaded.exceptions_of_thread, &found, sizeof found);
  end_silently_on_exceptions(library);
}

static const struct functions *z3(void)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_functions);
  return &loaded;
}

void z3_begin_thread(void)
{
  if (z3()->exceptions_of_thread) {
    z3()->exceptions_of_thread();
  }
}

#define CALL(type, name, parameters, arguments)                                                    \
  type Z3_##name parameters                                                                        \
  {                                                                                                \
    return z3()->name arguments;                                                                   \
  }
FUNCTIONS(CALL)
