/* `uvs`: the director, and what it is made of. docs/library.md */
export { Director } from './director/director.js'
export { DeviceEgress, Loop } from './director/loop.js'
export { UsageError, type DirectorOptions, type LinkOptions } from './director/options.js'
export { HEADROOM, slabOver, VNET_LEN, type Egress, type Slab } from './packet/frame.js'
export type { Link } from './packet/link.js'
export { Verdict, verdictNames } from './packet/verdict.js'
export type { BoundScheduler, Flow, Scheduler } from './sched/scheduler.js'
export type { Destination } from './service/destination.js'
export type { Service } from './service/service.js'
export { formatIpv4, formatMac, parseIpv4, parseMac, type Ipv4Addr, type MacAddr } from './wire/addr.js'
export type { Device, FrameSink } from './packet/device.js'
export { localControl } from './control/operations/execute.js'
export type { Answer, Control, Operations, OperationName, Reply, Request } from './control/protocol/api.js'
export { applyRules, uvsadm } from './library/rules.js'

/** @deprecated Names of before: an interface is a link. */
export type { Link as Port } from './packet/link.js'
export type { LinkOptions as PortOptions } from './director/options.js'
