import { Attributes } from './attributes.js'
import type { Attribute } from './compose.js'
import { converse, type Take } from './converse.js'
import { HOST_ORDER, MessageFlag } from './message.js'

/*
 * The clsact qdisc of an interface, and cls_bpf's filters there (tc(8), tc-bpf(8), linux/rtnetlink.h, linux/pkt_cls.h). A
 * message's body is struct tcmsg, 5 words: family, interface, handle, parent, info.
 */
const Type = {
  NEW_QDISC: 36,
  DELETE_QDISC: 37,
  GET_QDISC: 38,
  NEW_FILTER: 44,
  DELETE_FILTER: 45,
  GET_FILTER: 46,
} as const
const TCMSG_LEN = 20
const Field = { INTERFACE: 4, HANDLE: 8, PARENT: 12, INFO: 16 } as const

const CLSACT = 0xfffffff1
const CLSACT_HANDLE = 0xffff0000
/** What filters of clsact hang on. */
export const ClsactHook = { INGRESS: 0xfffffff2, EGRESS: 0xfffffff3 } as const
/** Filters for every EtherType; in network order, the lower half of `info`. */
const ETH_P_ALL = 0x0300

const Attr = { KIND: 1, OPTIONS: 2 } as const
const BpfAttr = { FD: 6, NAME: 7, FLAGS: 8 } as const
const DIRECT_ACTION = 1

/** Where a filter stands. Of those at a hook the one with the lowest priority is asked first. */
export interface FilterPlace {
  readonly ifindex: number
  readonly hook: number
  readonly priority: number
  readonly handle: number
}
/** One that is there: cls_bpf's have names. */
export interface FoundFilter extends FilterPlace {
  readonly kind: string
  readonly name: string
}

/** Gives an interface a clsact qdisc. Returns 0, or an errno: EEXIST if there is one, or one of ingress; ENOENT if the kernel has none. */
export function addClsact(ifindex: number): number {
  return ask(
    Type.NEW_QDISC,
    MessageFlag.CREATE | MessageFlag.EXCLUSIVELY,
    [0, ifindex, CLSACT_HANDLE, CLSACT, 0],
    [[Attr.KIND, text('clsact')]],
  )
}
export function deleteClsact(ifindex: number): number {
  return ask(Type.DELETE_QDISC, 0, [0, ifindex, CLSACT_HANDLE, CLSACT, 0], [])
}
/** `clsact` or `ingress`, or undefined where there is neither. */
export function qdiscAtIngress(ifindex: number): string | undefined {
  let kind: string | undefined
  dump(Type.GET_QDISC, [0, ifindex, 0, 0, 0], (view, at, attributes) => {
    const isThere = view.getInt32(at + Field.INTERFACE, HOST_ORDER) === ifindex
    if (isThere && view.getUint32(at + Field.PARENT, HOST_ORDER) === CLSACT) kind = attributes.text(Attr.KIND)
  })
  return kind
}

/** Has a program decide what becomes of frames. Returns 0, or an errno: EINVAL if another kind of filter has that priority. */
export function addFilter(place: FilterPlace, programFd: number, name: string): number {
  return ask(Type.NEW_FILTER, MessageFlag.CREATE | MessageFlag.EXCLUSIVELY, bodyOf(place), [
    [Attr.KIND, text('bpf')],
    [
      Attr.OPTIONS,
      [
        [BpfAttr.FD, word(programFd)],
        [BpfAttr.NAME, text(name)],
        [BpfAttr.FLAGS, word(DIRECT_ACTION)],
      ],
    ],
  ])
}
export function deleteFilter(place: FilterPlace): number {
  return ask(Type.DELETE_FILTER, 0, bodyOf(place), [[Attr.KIND, text('bpf')]])
}
/** All filters at a hook; none where there is no clsact. */
export function filtersAt(ifindex: number, hook: number): FoundFilter[] {
  const found: FoundFilter[] = []
  const options = new Attributes()
  dump(Type.GET_FILTER, [0, ifindex, 0, hook, 0], (view, at, attributes) => {
    const handle = view.getUint32(at + Field.HANDLE, HOST_ORDER)
    const priority = view.getUint32(at + Field.INFO, HOST_ORDER) >>> 16
    const name = attributes.within(Attr.OPTIONS, options).text(BpfAttr.NAME) ?? ''
    // Of each priority a filter with handle 0 stands for it as a whole.
    if (handle !== 0) found.push({ ifindex, hook, priority, handle, kind: attributes.text(Attr.KIND) ?? '', name })
  })
  return found
}

function bodyOf({ ifindex, hook, priority, handle }: FilterPlace): number[] {
  return [0, ifindex, handle, hook, ((priority << 16) | ETH_P_ALL) >>> 0]
}
function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}
function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`)
}

/** Returns 0, or the errno by which the kernel refuses. */
function ask(type: number, flags: number, body: readonly number[], attributes: readonly Attribute[]): number {
  return converse({ type, flags: flags | MessageFlag.ACK, body, attributes })
}

function dump(type: number, body: readonly number[], take: Take): void {
  converse({ type, flags: MessageFlag.DUMP, body, attributes: [] }, { bodyLen: TCMSG_LEN, take })
}
