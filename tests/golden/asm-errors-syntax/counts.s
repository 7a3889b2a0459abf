  .globl 5
  .equ 5, 4
  .equ x
  .set y, 
  = 5
  .align 1, 2, 3
