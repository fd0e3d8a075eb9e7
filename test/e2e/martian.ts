import { errno, sendto } from '../../src/linux/libc.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { packetSocket } from '../../src/linux/packet-socket.js'
import { tcp4 } from '../support/frames.js'

/* martian.js INTERFACE MAC VIP: sends to the host with that MAC a SYN for VIP:80 from 127.0.0.9, which no kernel lets out. */

const [, , name = '', mac = '', vip = ''] = process.argv
const frame = tcp4(`127.0.0.9:40000 > ${vip}:80`, { flags: 'S', eth: `02:00:00:00:99:99 > ${mac}` })
const to = Buffer.alloc(20)
to.writeUInt16LE(17, 0)
to.writeUInt16BE(0x0800, 2)
to.writeInt32LE(interfaceInfo(name).index, 4)
if (sendto(packetSocket(), frame, frame.length, 0, to, to.length) !== frame.length) throw new Error(`errno ${errno()}`)
