/* The hypercall interface of the technique `paravirt`, version 1: docs/paravirt.md is its
 * reference, guestos/hyper.inc the guest's copy of these numbers.
 *
 * `hcall n` in virtual mode 0 asks the VMM, with arguments in a0, a1 and the answer in a0. The
 * guest and the VMM share one page of the guest's storage, which the guest has named by
 * HYPER_REGISTER. What is written `guest:` is the guest's to write, `VMM:` the VMM's, which
 * never reads such a word back: what it has to know it keeps for itself.
 */
#ifndef TRAPEZE_VMM_TECHNIQUES_PARAVIRT_H
#define TRAPEZE_VMM_TECHNIQUES_PARAVIRT_H

#define HYPER_VERSION_1 0x505601u /* the answer of HYPER_VERSION */

enum hyper_call {
  HYPER_VERSION,  /* which version of the interface is this? */
  HYPER_REGISTER, /* a0: physical address of the page, a1: entry for traps and events */
  HYPER_IRET,     /* pc, PSW, BASE and BOUND from the page: the way out of the kernel */
  HYPER_EVENTS,   /* deliver what is pending: for a guest that has just unmasked */
  HYPER_KICK,     /* look at the rings; every other call does that too */
  HYPER_TIME,     /* the clock, in ticks: low word in a0, high word in a1 */
  HYPER_TIMER,    /* a0: ticks until the timer's event, 0: off */
  HYPER_WAIT,     /* until something is pending, masked or not; maybe without reason */
  HYPER_YIELD,    /* let other virtual machines run */
  HYPER_HALT,     /* a0: exit status. For good */
  HYPER_PIN,      /* a0: page, a1: HYPER_DIRECTORY or HYPER_LEAF: it is a table from now on */
  HYPER_UNPIN,    /* a0: page */
  HYPER_UPDATE,   /* a0: list of pairs, place and entry, a1: how many; a1 := how many are done */
  HYPER_CALLS,
};

/* Answers in a0, and what is left in HYPER_PAGE_ERROR. */
#define HYPER_OK            0u
#define HYPER_ERROR_CALL    ((uint32_t)-1) /* no such hypercall */
#define HYPER_ERROR_PAGE    ((uint32_t)-2) /* it needs the shared page, and there is none */
#define HYPER_ERROR_ADDRESS ((uint32_t)-3) /* not a whole page of storage; entry not aligned */
#define HYPER_ERROR_STATE   ((uint32_t)-4) /* a page is registered already */
#define HYPER_ERROR_RING    ((uint32_t)-5) /* indices farther apart than the ring is long */
#define HYPER_ERROR_TABLE   ((uint32_t)-6) /* no table; or it is in use; or there are too many */
#define HYPER_ERROR_ENTRY   ((uint32_t)-7) /* an entry that a table may not have */

/* Page tables, on a machine with pages. A page that is pinned is a table: the guest reads it, and
 * only HYPER_UPDATE writes it, which looks at every entry. */
enum hyper_table { HYPER_DIRECTORY = 1, HYPER_LEAF = 2 };
#define HYPER_TABLES  32u  /* pinned at a time */
#define HYPER_UPDATES 256u /* entries in a list */

/* Words of the shared page. */
enum hyper_page {
  HYPER_PAGE_MASK = 0x00,    /* guest: not 0: no events. Each delivery sets it */
  HYPER_PAGE_PENDING = 0x04, /* VMM: lines with an event, as in IPEND */
  HYPER_PAGE_PC = 0x08,      /* both: of the trap or event delivered; for HYPER_IRET */
  HYPER_PAGE_PSW = 0x0c,     /* both: the same; its IE stands for the mask */
  HYPER_PAGE_CAUSE = 0x10,   /* VMM: of the trap or event delivered … */
  HYPER_PAGE_VALUE = 0x14,   /* VMM: … its address, as in BADVA … */
  HYPER_PAGE_INSN = 0x18,    /* VMM: … and instruction, as in EINSN */
  HYPER_PAGE_BASE = 0x1c,    /* guest: for HYPER_IRET; on a machine with pages, PTBR */
  HYPER_PAGE_BOUND = 0x20,   /* guest: for HYPER_IRET */
  HYPER_PAGE_TIMER = 0x24,   /* guest: as by HYPER_TIMER, at the next hypercall of any number */
  HYPER_PAGE_TICK = 0x28,    /* VMM: two words, the clock at the last delivery or hypercall */
  HYPER_PAGE_ERROR = 0x30,   /* VMM: of the rings, at the last hypercall */
  HYPER_PAGE_SECTORS = 0x34, /* VMM: of the disk, 0: none */

  HYPER_PAGE_OUT_PUT = 0x40,    /* guest: bytes put into the console's output ring … */
  HYPER_PAGE_OUT_TAKEN = 0x44,  /* VMM: … and taken from it; both only grow */
  HYPER_PAGE_IN_PUT = 0x48,     /* VMM: the same of the input ring … */
  HYPER_PAGE_IN_TAKEN = 0x4c,   /* guest: … */
  HYPER_PAGE_IN_MORE = 0x50,    /* VMM: it is full and there is more: kick when it is not */
  HYPER_PAGE_DISK_PUT = 0x60,   /* guest: requests put into the disk's ring, … */
  HYPER_PAGE_DISK_TAKEN = 0x64, /* VMM: … taken, … */
  HYPER_PAGE_DISK_DONE = 0x68,  /* VMM: … and done, in order */

  HYPER_PAGE_DISK = 0x100, /* the rings */
  HYPER_PAGE_IN = 0x400,
  HYPER_PAGE_OUT = 0x800,
};

#define HYPER_TIMER_KEEP 0xffffffffu /* in HYPER_PAGE_TIMER: as it is. The VMM leaves it there */

#define HYPER_IN_SIZE   256u  /* bytes */
#define HYPER_OUT_SIZE  2048u /* bytes */
#define HYPER_DISK_SIZE 32u   /* requests, of four words: */
enum hyper_disk {
  HYPER_DISK_COMMAND = 0, /* DISK_COMMAND_… and flags; afterwards HYPER_DISK_DONE and the error */
  HYPER_DISK_SECTOR = 4,  /* as in the ports of docs/machine.md: what is asked … */
  HYPER_DISK_ADDRESS = 8, /* … is checked as there, and answered by the same errors */
  HYPER_DISK_COUNT = 12,
  HYPER_DISK_BYTES = 16,
};
#define HYPER_DISK_QUIET      0x100u /* no event if it succeeds */
#define HYPER_DISK_DONE       0x80000000u
#define HYPER_DISK_ERROR_BUSY 6u /* the disk is at work for the guest's own ports */

#endif
