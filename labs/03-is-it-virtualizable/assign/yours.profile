# Your own machine: Popek and Goldberg's, but for four lines.
profile yours;
extends pg;
modes ${MODES};
outside ${A.insn} = ${A.is};
outside ${B.insn} = ${B.is};
outside ${C.insn} = ${C.is};
outside ${D.insn} = ${D.is};
