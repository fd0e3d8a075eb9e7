/*
 * Records what the kernel says: `node dist/test/linux/rtnetlink/record.js > test/linux/rtnetlink/recorded.json` as root. A network
 * namespace of its own goes through the commands; beside each stand the datagrams of news that it led to, in hex.
 */
import { execFileSync } from 'node:child_process'
import { release } from 'node:os'
import { LINKS, ADDRESSES, NEIGHBOURS, NEXT_HOPS, ROUTES, RULES } from '../../../src/linux/rtnetlink/kinds.js'
import { NetlinkSocket, NOTHING } from '../../../src/linux/rtnetlink/netlink-socket.js'
import { ip, ownNetwork } from '../own-network.js'
import type { Recorded } from './recorded.js'

const COMMANDS = [
  'link set lo up',
  'link add va index 30 address 02:00:00:00:00:0a type veth peer name vb index 31 address 02:00:00:00:00:0b',
  'link set vb up',
  'link set va up',
  'link set va mtu 1400',
  'addr add 10.0.0.1/24 brd + dev va',
  'addr add 10.0.0.2/24 dev va label va:second',
  'addr add 10.0.1.1 peer 10.0.1.2/32 dev va',
  'route add local 10.64.0.0/10 dev lo',
  'route add default via 10.0.0.9 metric 5 mtu 1300',
  'route append default via 10.0.0.10 metric 5',
  'route replace default via 10.0.0.11 metric 5',
  'route add 10.8.0.0/16 nexthop via 10.0.0.4 weight 3 nexthop via 10.0.0.5',
  'route add 10.7.0.0/16 via inet6 fe80::1 dev va',
  'route add blackhole 10.6.0.0/16',
  'route add unreachable 10.6.1.0/24 metric 7',
  'route add prohibit 10.6.2.0/24',
  'route add throw 10.6.3.0/24 table 1000',
  'route add 10.5.0.0/16 via 172.16.0.1 dev va onlink src 10.0.0.1 table 100 tos 0x10',
  'nexthop add id 4 via 10.0.0.7 dev va',
  'nexthop add id 5 via 10.0.0.8 dev va onlink',
  'nexthop add id 6 group 4,3/5',
  'nexthop add id 7 blackhole',
  'nexthop add id 8 via fe80::1 dev va',
  'route add 10.9.0.0/16 nhid 6',
  'rule add pref 300 fwmark 1/3 from 10.1.0.0/16 lookup 100',
  'rule add pref 200 not to 10.2.0.0/16 iif va lookup 1000 suppress_prefixlength 0',
  'rule add pref 100 sport 5-7 prohibit',
  'rule del pref 200',
  'neigh add 10.0.0.9 lladdr 02:00:00:00:00:99 dev va',
  'neigh del 10.0.0.9 dev va',
  'route del 10.8.0.0/16',
  'addr del 10.0.1.1 peer 10.0.1.2/32 dev va',
  'link add name br index 40 address 02:00:00:00:00:40 type bridge',
  'link set vb master br',
  'link set vb nomaster',
  'link set va down',
  'link set va name vc',
  'link del vc',
]

function record(): Recorded {
  const socket = new NetlinkSocket(false)
  for (const { group } of [LINKS, ADDRESSES, ROUTES, RULES, NEXT_HOPS, NEIGHBOURS]) socket.join(group)
  const take = (): string[] => {
    execFileSync('sleep', ['0.2'])
    const news: string[] = []
    for (let octets = socket.receive(); octets !== NOTHING; octets = socket.receive())
      news.push(Buffer.from(socket.view.buffer, socket.view.byteOffset, octets).toString('hex'))
    return news
  }
  const steps = COMMANDS.map(command => {
    ip(command)
    return { command, news: take() }
  })
  socket.close()
  return { kernel: release(), steps }
}

const why = ownNetwork()
if (why) throw new Error(why)
console.log(JSON.stringify(record(), undefined, 2))
