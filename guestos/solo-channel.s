# solo, for machines whose devices are behind a channel (--io=channel)
#
# Not one instruction of solo is another, but for those that reach a device.
.equ CHANNEL, 1
.include "solo.s"
