#include "classify/model.h"

#include <string.h>

static const char *const names[MODEL_COUNT] = {
    [MODEL_PAPER] = "paper",
    [MODEL_EXTENDED] = "extended",
};

/* What a program computes with, though it lies in the PSW. */
static const uint32_t user_fields = PSW_C_MASK | PSW_V_MASK;

const char *model_name(enum model model)
{
  return names[model];
}

bool model_find(const char *name, enum model *model)
{
  for (unsigned i = 0; i < MODEL_COUNT; i++) {
    if (strcmp(name, names[i]) == 0) {
      *model = (enum model)i;
      return true;
    }
  }
  return false;
}

/* The component that holds the PSW's bits of `mask`. */
static component_set psw_field(uint32_t mask)
{
  const struct isa_psw_field_info *fields = isa_psw_fields();
  for (unsigned i = 0; fields[i].name; i++) {
    if (mask >> fields[i].low & 1) {
      return component_bit(COMPONENT_PSW + i);
    }
  }
  return 0;
}

component_set model_mode(void)
{
  return psw_field(PSW_MODE_MASK);
}

component_set model_location(const struct profile *profile)
{
  component_set set = psw_field(PSW_TE_MASK);
  if (profile_has_cr(profile, CR_BASE)) {
    set |= component_bit(COMPONENT_CR + CR_BASE) | component_bit(COMPONENT_CR + CR_BOUND);
  }
  if (profile_has_cr(profile, CR_PTBR)) {
    set |= component_bit(COMPONENT_CR + CR_PTBR);
  }
  if (profile_has_cr(profile, CR_NPTBR)) {
    set |= component_bit(COMPONENT_CR + CR_NPTBR);
  }
  if (profile_features(profile) & ISA_FEATURE_MMU_TLB) {
    set |= component_bit(COMPONENT_CR + CR_ASID) | component_bit(COMPONENT_TLB);
  }
  return set;
}

static component_set all_resources(const struct profile *profile)
{
  component_set set = component_bit(COMPONENT_OUTSIDE) | component_bit(COMPONENT_DEVICES) |
                      component_bit(COMPONENT_RUN);
  const struct isa_psw_field_info *fields = isa_psw_fields();
  for (unsigned i = 0; fields[i].name; i++) {
    if (!(user_fields >> fields[i].low & 1)) {
      set |= component_bit(COMPONENT_PSW + i);
    }
  }
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (n != CR_PSW && profile_has_cr(profile, (enum isa_cr)n)) {
      set |= component_bit(COMPONENT_CR + n);
    }
  }
  if (profile_features(profile) & ISA_FEATURE_KEYS) {
    set |= component_bit(COMPONENT_KEYS);
  }
  return set | model_location(profile);
}

component_set model_resources(enum model model, const struct profile *profile)
{
  if (model == MODEL_PAPER) {
    return model_mode() | model_location(profile);
  }
  return all_resources(profile);
}

const char *component_name(unsigned component)
{
  if (component < COMPONENT_CR) {
    const struct isa_psw_field_info *fields = isa_psw_fields();
    for (unsigned i = 0; fields[i].name; i++) {
      if (i == component) {
        return user_fields >> fields[i].low & 1 ? NULL : fields[i].name;
      }
    }
    return NULL;
  }
  if (component < COMPONENT_CR + ISA_CR_COUNT) {
    return component == COMPONENT_CR + CR_PSW
               ? NULL
               : isa_cr_info((enum isa_cr)(component - COMPONENT_CR))->name;
  }
  switch (component) {
  case COMPONENT_KEYS:
    return "storage keys";
  case COMPONENT_TLB:
    return "TLB";
  case COMPONENT_OUTSIDE:
    return "storage outside";
  case COMPONENT_DEVICES:
    return "devices";
  case COMPONENT_RUN:
    return "run state";
  default:
    return NULL;
  }
}
