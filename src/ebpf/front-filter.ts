import {
  ALL,
  assembleFilter,
  hear,
  jumpIfEqual,
  Known,
  load32,
  PacketType,
  type Filter,
} from '../linux/classic-filter.js'
import type { FrontMode } from '../packet/front.js'
import { Mark } from './front-program.js'

const BESIDE = assembleFilter([load32(Known.MARK), jumpIfEqual(Mark.TAKEN, 'all'), hear(0), 'all', hear(ALL)])

/** A frame for another host that the front has not marked belongs to a VLAN that the interface has no part in. */
const EXCLUSIVE = assembleFilter([
  load32(Known.MARK),
  jumpIfEqual(Mark.TAKEN, 'all'),
  load32(Known.PACKET_TYPE),
  jumpIfEqual(PacketType.OTHERHOST, 'one octet'),
  hear(0),
  'all',
  hear(ALL),
  'one octet',
  hear(1),
])

/** What a packet socket behind a front hears: the frames that are taken; alone on an interface also one octet of each frame of a VLAN. */
export function heardBehindFront(mode: FrontMode): Filter {
  return mode === 'beside' ? BESIDE : EXCLUSIVE
}
