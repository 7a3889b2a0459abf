# User mode on Itanium: svbr shows the vector base, cpuid the processor.
# bare: itanium
# vmm:
.include "check.inc"

begin:
        user
        svbr    -4(sp)
        lw      s0, -4(sp)
        cpuid   s1
        traps   "lra traps", CAUSE_PRIVILEGED           #> lra traps: ok
        lra     t0, sp
        traps   "rdtick traps", CAUSE_PRIVILEGED        #> rdtick traps: ok
        rdtick  t0
        kernel
        is      "svbr shows the real VBR", s0, vectors  #> svbr shows the real VBR: ok
        is      "cpuid shows the real processor", s1, 0x50470001 #> cpuid shows the real processor: ok
        halt
