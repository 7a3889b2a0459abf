/* The virtual network device: the machine's own front end, and what it asks for. */
#include "vmm/internal.h"

static void passed(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct vm *vm = ctx;
  trace_emit_frame(&vm->machine, vm->cpu.tick, way, frame, len);
  if (vm->on_frame) {
    vm->on_frame(vm->on_frame_ctx, way, frame, len);
  }
}

const struct net_ops vnet_ops = {
    .storage_size = vdma_size,
    .dma_read = vdma_read,
    .dma_write = vdma_write,
    .frame = passed,
};
