/* Hints: what a guest kernel that knows of this VMM can tell it about its storage, by `hcall`
 * in virtual mode 0. docs/frames.md is the reference, guestos/hints.inc the guest's copy. A VM
 * has them if its configuration says so; elsewhere such an hcall traps, as on a bare machine.
 */
#ifndef TRAPEZE_VMM_MEMORY_HINTS_H
#define TRAPEZE_VMM_MEMORY_HINTS_H

#define HINTS_VERSION_1 0x4e4901u /* the answer of HINT_VERSION */

/* Arguments and answers in a0. */
enum hint {
  HINT_VERSION = 0x100,
  HINT_CLEAR, /* address of a page: it becomes zeros. 0, or HINT_REFUSED: no page of storage */
  HINT_PAGES, /* how many pages the guest keeps away from itself; answers: how many it should */
  HINTS_END,
};
#define HINT_REFUSED ((uint32_t)-3)

#endif
