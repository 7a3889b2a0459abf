        .include "lib/three.inc"
        .word undefined_as_well
