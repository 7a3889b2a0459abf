/* The ports of docs/machine.md, "Ports", and the constants of the devices
 * behind them. Guests written in assembly have their own copy in guestos/.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_PORTS_H
#define TRAPEZE_MACHINE_DEVICES_PORTS_H

enum machine_port {
  PORT_CONSOLE_DATA = 0x00,
  PORT_CONSOLE_STATUS = 0x01,
  PORT_DISK_SECTOR = 0x10,
  PORT_DISK_ADDRESS = 0x11,
  PORT_DISK_COUNT = 0x12,
  PORT_DISK_COMMAND = 0x13,
  PORT_DISK_STATUS = 0x14,
  PORT_DISK_SIZE = 0x15,
  PORT_NET_STATION = 0x20,
  PORT_NET_SEND_AT = 0x21,
  PORT_NET_SEND_LENGTH = 0x22,
  PORT_NET_RECEIVE_AT = 0x23,
  PORT_NET_COMMAND = 0x24,
  PORT_NET_STATUS = 0x25,
  PORT_NET_RECEIVED = 0x26,
  PORT_NET_DROPPED = 0x27,
};

/* Where I/O is memory-mapped: the last page of physical addresses, in which port p is the
 * word at MMIO_START + 4 * p. So a guest reaches each from `zero` in one instruction. */
#define MMIO_START 0xfffff000u

#define CONSOLE_NO_INPUT     0xffffffffu /* CONSOLE_DATA when nothing has arrived */
#define CONSOLE_STATUS_READY 1u

#define DISK_COMMAND_READ  1u /* disk to storage */
#define DISK_COMMAND_WRITE 2u /* storage to disk */

#define DISK_STATUS_BUSY        1u
#define DISK_STATUS_ERROR_SHIFT 1
#define DISK_STATUS_ERROR_MASK  0x7fu /* after the shift */

#define DISK_MAX_COUNT     128u
#define DISK_ADDRESS_ALIGN 4u
#define DISK_LATENCY       1000u /* ticks for a command, … */
#define DISK_PER_SECTOR    100u  /* … and for each sector of it */

/* A command with several errors reports the first in the order of checking:
 * command, count, sector, address. */
enum disk_error {
  DISK_OK = 0,
  DISK_ERROR_SECTOR = 1,  /* sector out of range, or no disk */
  DISK_ERROR_ADDRESS = 2, /* storage address out of range or misaligned */
  DISK_ERROR_HOST = 3,
  DISK_ERROR_COMMAND = 4,
  DISK_ERROR_COUNT = 5,
};

#define NET_COMMAND_SEND    1u /* storage to network */
#define NET_COMMAND_RECEIVE 2u /* the next frame to storage */

#define NET_STATUS_SENDING             1u
#define NET_STATUS_RECEIVING           2u /* a buffer waits for a frame */
#define NET_STATUS_WAITING             4u /* a frame waits for a buffer */
#define NET_STATUS_SEND_ERROR_SHIFT    4
#define NET_STATUS_RECEIVE_ERROR_SHIFT 8
#define NET_STATUS_ERROR_MASK          0xfu /* after the shift */

#define NET_ADDRESS_ALIGN 4u
#define NET_QUEUE         16u  /* frames that wait for a buffer at most */
#define NET_LATENCY       500u /* ticks for a command, … */
#define NET_PER_WORD      1u   /* … and for each word of a frame that is sent */

/* As with the disk the first counts, in the order: station, length, address. */
enum net_error {
  NET_OK = 0,
  NET_ERROR_STATION = 1, /* there is no network here */
  NET_ERROR_ADDRESS = 2, /* storage address out of range or misaligned */
  NET_ERROR_HOST = 3,
  NET_ERROR_LENGTH = 5,
};

#endif
