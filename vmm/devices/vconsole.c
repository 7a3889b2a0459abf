/* The virtual console: the machine's own front end. What a guest writes is kept
 * as its own output and, unless its console is private, also shown on the real
 * machine's console. Real console input is not passed on: each VM has its own
 * log.
 */
#include "machine/devices/ports.h"
#include "vmm/internal.h"

static void written(void *ctx, uint8_t byte)
{
  struct vm *vm = ctx;
  if (!vm->console_private) {
    machine_port_out(vm->vmm->real, PORT_CONSOLE_DATA, byte);
  }
  if (vm->on_output) {
    vm->on_output(vm->on_output_ctx, byte);
  }
}

void vconsole_connect(struct vm *vm)
{
  console_on_output(vm->devices.console, written, vm);
}
