        nop /* closed */ nop /* not
        nop
