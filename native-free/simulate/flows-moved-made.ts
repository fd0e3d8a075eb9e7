import type { Director } from '../../src/director/director.js'
import { seededRandom } from '../../src/director/random.js'
import type { ScheduledService } from '../../src/director/rules/scheduled-service.js'
import type { Cidr, Ipv4Addr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import type { ClientFlow } from './flows-moved-frames.js'

const FIRST_PORT = 1024
const PORTS = 0x10000 - FIRST_PORT
/** Of a service of every port: one that is none of FTP's. */
const ANY_PORT = 80

type Target = Pick<ClientFlow, 'protocol' | 'dstAddr' | 'dstPort'>

/**
 * Makes flows from a seed, each of another address and port of the clients', to the director's virtual services in turn: those of a mark by
 * the addresses and ports that have it. Fewer than `count` if the clients have no more; none if there is no service of TCP or UDP. `isMeant`: to which services.
 */
export function madeFlows(
  director: Director,
  count: number,
  clients: Cidr,
  seed: number,
  isMeant: (service: ScheduledService) => boolean = () => true,
): ClientFlow[] {
  const targets = targetsOf(director, isMeant)
  if (targets.length === 0) return []
  const random = seededRandom(seed)
  const hosts = 2 ** (32 - clients.prefix)
  const flows: ClientFlow[] = []
  const taken = new Set<number>()
  const most = Math.min(count, hosts * PORTS)
  while (flows.length < most) {
    const host = random() % hosts
    const port = random() % PORTS
    const name = host * PORTS + port
    if (taken.has(name)) continue
    taken.add(name)
    const srcAddr = (((clients.addr & clients.mask) + host) | 0) as Ipv4Addr
    flows.push({ ...targets[flows.length % targets.length]!, srcAddr, srcPort: FIRST_PORT + port })
  }
  return flows
}

function targetsOf({ balancing, marks }: Director, isMeant: (service: ScheduledService) => boolean): Target[] {
  return balancing
    .inKernelOrder()
    .filter(isMeant)
    .flatMap(({ mark, protocol, addr, port }): Target[] => {
      if (mark === 0) return [{ protocol, dstAddr: addr, dstPort: port || ANY_PORT }]
      const rules = marks.rules.filter(rule => rule.mark === mark)
      return rules.map(({ protocol, to, ports }) => ({
        protocol,
        dstAddr: to.addr,
        dstPort: ports[0]?.first || ANY_PORT,
      }))
    })
    .filter(({ protocol }) => protocol === IpProtocol.TCP || protocol === IpProtocol.UDP)
}
