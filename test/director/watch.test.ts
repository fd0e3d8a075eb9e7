import t from 'tap'
import { NONE } from '../../src/conn/record.js'
import type { Witness } from '../../src/director/path/witness.js'
import { nameOfService } from '../../src/director/rules/service-name.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { formatIpv4 } from '../../src/wire/addr.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { icmp4, packetOf, tcp4 } from '../support/frames.js'

/** Writes a line of each thing that it is told. */
class Scribe implements Witness {
  readonly lines: string[] = []
  lookedUp(by: string, conn: number): void {
    this.lines.push(`looked up ${by}: ${conn === NONE ? 'none' : 'there'}`)
  }
  setAside(_conn: number, why: string): void {
    this.lines.push(why)
  }
  service(service: Parameters<Witness['service']>[0]): void {
    this.lines.push(`service ${service ? nameOfService(service) : 'none'}`)
  }
  template(conn: number): void {
    this.lines.push(`template ${conn === NONE ? 'none' : 'there'}`)
  }
  choosing(service: Parameters<Witness['choosing']>[0]): void {
    this.lines.push(`choosing of ${service.destinations.length}`)
  }
  chosen(dest: Parameters<Witness['chosen']>[0]): void {
    this.lines.push(`chosen ${dest ? formatIpv4(dest.addr) : 'none'}`)
  }
  routed(...[to, hop]: Parameters<Witness['routed']>): void {
    this.lines.push(`routed ${formatIpv4(to)} ${hop ? hop.link.name : 'nowhere'}`)
  }
  sent(...[link, , , len, isTaken, isToKernel]: Parameters<Witness['sent']>): void {
    this.lines.push(`sent ${link.name} ${len}${isTaken ? '' : ' refused'}${isToKernel ? ' to kernel' : ''}`)
  }
  decided(verdict: Parameters<Witness['decided']>[0]): void {
    this.lines.push(verdictNames.get(verdict)!)
  }
}

t.test('the path tells what it decides, in order', async t => {
  const bench = new BenchDirector({ isWholePath: false })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const told = (link: 'c' | 'r', frame: Uint8Array): string[] => {
    const scribe = new Scribe()
    bench.director.watchBy(() => scribe)
    bench.turn(link, frame)
    bench.director.watchBy(undefined)
    return scribe.lines
  }
  const client = '10.99.1.10:1024'
  const syn = tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags: 'S' })
  t.strictSame(told('c', syn), [
    'looked up inbound: none',
    `service TCP ${VIP}:80`,
    'choosing of 1',
    'chosen 10.99.2.11',
    'routed 10.99.2.11 r',
    'sent r 54',
    'balanced',
  ])
  const answer = tcp4(`10.99.2.11:80 > ${client}`, { ...fromServer(), flags: 'SA' })
  t.strictSame(told('r', answer), ['routed 10.99.1.10 c', 'looked up outbound: there', 'sent c 54', 'balanced'])
  t.strictSame(told('c', tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags: 'A' })), [
    'looked up inbound: there',
    'routed 10.99.2.11 r',
    'sent r 54',
    'balanced',
  ])
  const about = icmp4('10.99.2.11 > 10.99.1.10', {
    type: 3,
    code: 1,
    ...fromServer(),
    payload: packetOf(tcp4(`${client} > 10.99.2.11:80`)),
  })
  t.match(told('r', about).join(), /looked up quoted-outbound: there,sent c \d+,balanced$/)
  t.match(told('c', tcp4(`${client} > ${VIP}:81`, { ...fromClient, flags: 'S' })).join(), /service none,.*answered$/)
  const refused = tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags: 'A' })
  refused[24]! ^= 1
  t.strictSame(told('c', refused), ['drop-ip-checksum'])
})
