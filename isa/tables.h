/* The generated tables (gen/pg32_tables.c), private to isa/. */
#ifndef TRAPEZE_ISA_TABLES_H
#define TRAPEZE_ISA_TABLES_H

#include "isa/isa.h"

extern const struct isa_insn_info isa_insns[ISA_INSN_COUNT];
extern const struct isa_format_info isa_formats[ISA_FORMAT_COUNT];
extern const uint32_t isa_format_unused[ISA_FORMAT_COUNT]; /* bits that must be zero */
extern const uint8_t isa_opcodes[256];                     /* 1 + enum isa_insn; 0: none */
extern const uint8_t isa_insns_by_name[ISA_INSN_COUNT];    /* enum isa_insn, sorted */
extern const struct isa_cr_info isa_crs[ISA_CR_COUNT];
extern const struct isa_psw_field_info isa_psw_field_table[];
extern const char *const isa_regs[ISA_REG_COUNT];

#endif
