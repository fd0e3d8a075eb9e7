import type { Connections } from '../conn/connections.js'
import { Method } from '../service/method.js'
import type { AddressHandOver } from './address-hand-over.js'
import { Dr } from './dr.js'
import type { Forwarder } from './forwarder.js'
import { Fullnat } from './fullnat.js'
import { Nat } from './nat.js'
import type { Output } from './output.js'
import { Tun } from './tun.js'
import type { Tunnels } from './tunnel.js'

export type Forwarders = Readonly<Record<Method, Forwarder>>

export function makeForwarders(
  conns: Connections,
  output: Output,
  handOver: AddressHandOver,
  tunnels: Tunnels,
): Forwarders {
  return {
    [Method.MASQ]: new Nat(conns.table.words, output),
    [Method.TUNNEL]: new Tun(conns, output, tunnels),
    [Method.DIRECT]: new Dr(output),
    [Method.FULLNAT]: new Fullnat(conns, output, handOver),
  }
}
