import type { ConnectionInfo, DestinationInfo, RatesInfo, StatsInfo, VrrpInfo } from '../../control/protocol/api.ts'
import type { Explanation } from '../../control/protocol/explain.ts'
import type { DropRow, HealthSummary, ServiceRow, Tick } from '../src/live/tick.ts'

/* Figures as a director would have them, made up. Some names are markup, which must stay text. */

export const HOSTILE = '<script>globalThis.hit=1</script><img src=x onerror="globalThis.hit=1">'

/** 0 to 1, the same for the same arguments. */
function noise(...of: number[]): number {
  let hash = 2166136261
  for (const part of of) hash = Math.imul(hash ^ (part + 0x9e37), 16777619)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

function rates(cps: number): RatesInfo {
  return {
    cps: Math.round(cps),
    inPps: Math.round(cps * 6),
    outPps: Math.round(cps * 6),
    inBps: Math.round(cps * 450),
    outBps: Math.round(cps * 2900),
  }
}
function stats(conns: number): StatsInfo {
  const n = Math.round(conns)
  return { conns: n, inPkts: n * 6, outPkts: n * 6, inBytes: n * 450, outBytes: n * 2900 }
}

export function mockService(at: number, servers: number, second: number): ServiceRow {
  const name = (one: number): DestinationInfo => {
    const weight = at % 7 === 3 && one === 0 ? 0 : 1 + ((at + one) % 4)
    const cps = weight * 40 * (0.7 + 0.6 * noise(at, one, second)) * (1 + (at % 5))
    return {
      address: `172.16.${(at >> 6) & 255}.${(at % 64) * 4 + one + 1}`,
      port: 8080,
      method: (['masq', 'direct', 'tunnel', 'fullnat'] as const)[at % 4]!,
      weight,
      upperThreshold: 0,
      lowerThreshold: 0,
      activeConns: Math.round(cps * 3),
      inactConns: Math.round(cps * 11),
      persistConns: at % 3 === 0 ? Math.round(cps) : 0,
      stats: stats(cps * (second % 100_000)),
      rates: rates(cps),
    }
  }
  const destinations = Array.from({ length: servers }, (_, one) => name(one))
  const cps = destinations.reduce((sum, { rates: { cps: own } }) => sum + own, 0)
  return {
    protocol: at % 9 === 4 ? 'udp' : 'tcp',
    address: `192.168.${10 + (at >> 8)}.${at & 255}`,
    port: at % 2 === 0 ? 80 : 443,
    scheduler: at === 1 ? HOSTILE : ['wrr', 'wlc', 'mh', 'sed'][at % 4]!,
    persistence: at % 3 === 0 ? 300 : 0,
    netmask: '255.255.255.255',
    onePacket: false,
    schedFlags: 0,
    stats: stats(cps * (second % 100_000)),
    rates: rates(cps),
    destinations,
    servers,
  }
}

export function mockTick(at: number, upS: number, services: Tick['services'], total: number): Tick {
  const second = Math.floor(at / 1000)
  const swing = 1 + 0.3 * Math.sin(second / 20) + 0.1 * noise(second)
  const all = rates(5200 * swing)
  return {
    at,
    director: { version: '0.2.0', host: 'director-a', pid: 4242, upS, workers: 2, node: 'v20.20.2' },
    totals: { stats: stats(5200 * (second % 100_000)), rates: all },
    connections: { capacity: 1_048_576, open: Math.round(310_000 * swing), templates: 12_034, timersBehind: 0 },
    verdicts: verdicts(all, second),
    drops: mockDrops(second),
    devices: [
      { name: 'eth0', dropped: 0 },
      { name: 'eth1', dropped: 12 },
    ],
    neighbours: { learnt: 14, asking: 1, fixed: 0 },
    heldFrames: 2,
    offload: {
      flows: 812_345,
      capacity: 1_048_576,
      entered: 2_000_000,
      refused: 0,
      evicted: 12,
      epochs: 3,
      packets: 1_234_567_890,
      octets: 1_000_000_000_000,
      lost: 0,
    },
    heldDatagrams: 0,
    health: mockHealth(second, total),
    vrrp: mockVrrp(second),
    services,
    drains: [],
    events: [
      { at: at - 95_000, kind: 'rules', who: 'uid 0', text: '-e -t 192.168.10.0:80 -r 172.16.0.1:8080 -m -w 3' },
      { at: at - 400_000, kind: 'health', text: `TCP 192.168.10.5:443: 172.16.0.22:8080 is down: ${HOSTILE}` },
      { at: at - 90_000_000, kind: 'vrrp', text: 'VI_1: BACKUP to MASTER: no advert for 3.6 s' },
    ],
  }
}

function verdicts({ inPps, outPps }: RatesInfo, second: number): Tick['verdicts'] {
  const of = (rate: number): [number, number] => [Math.round(rate * (second % 100_000)), rate]
  return {
    balanced: of(inPps + outPps),
    forwarded: of(120),
    answered: of(3),
    ...Object.fromEntries(mockDrops(second).map(({ reason, count, rate }) => [reason, [count, rate]])),
  }
}

function mockDrops(second: number): DropRow[] {
  const packet = `TCP 192.168.10.10:42252 > 192.168.10.3:443 S, ttl 64, 74 octets ${HOSTILE}`
  const last = { ago: 0.03, link: 'eth0', packet, service: 'TCP 192.168.10.3:443' }
  const fields: [string, string][] = [
    ['eth.dst', '22:00:00:00:00:01'],
    ['eth.src', '0a:00:00:00:00:01'],
    ['eth.type', '0x0800'],
    ['ip.src', '192.168.10.10'],
    ['ip.dst', '192.168.10.3'],
    ['ip.ttl', '64'],
  ]
  return [
    { reason: 'drop-no-destination', count: 1290 + (second % 10_000) * 41, rate: 41.5, last: { ...last, fields } },
    { reason: 'drop-ttl', count: 40, rate: 0.2, last: { ...last, ago: 12.4, fields } },
    { reason: 'drop-not-ours', count: 8123, rate: 0 },
    { reason: 'drop-device-eth1', count: 12, rate: 0 },
  ]
}

function mockHealth(second: number, total: number): HealthSummary {
  const state = { state: 'down' as const, since: second - 400, why: 'the check failed 3 times' }
  return {
    up: total - 1,
    down: 0,
    unknown: 1,
    servers: { up: total * 3 - 1, down: 1, unknown: 0 },
    bad: [
      {
        protocol: 'tcp',
        address: '192.168.10.5',
        port: 443,
        state: 'up',
        since: second - 5000,
        why: 'quorum',
        weight: 4,
        quorum: 1,
        hysteresis: 0,
        servers: [
          {
            ...state,
            address: '172.16.0.22',
            port: 8080,
            weight: 2,
            ruleWeight: 0,
            checks: [{ ...state, check: 'HTTP_GET', of: '/health' }],
          },
        ],
      },
    ],
  }
}

function mockVrrp(second: number): VrrpInfo {
  return {
    instances: [
      {
        name: 'VI_1',
        interface: 'eth0',
        vrid: 51,
        family: 4,
        version: 3,
        priority: 150,
        configuredPriority: 150,
        priorityChanges: [],
        group: 'G1',
        addresses: ['192.168.10.100'],
        faults: [],
        state: 'MASTER',
        since: second - 90_000,
        why: 'no advert for 3.6 s',
        sent: 90_000,
        heard: 14,
        transitions: 2,
        refused: {},
        lastAdvert: { source: '192.168.10.2', priority: 100, at: second - 90_004 },
      },
    ],
    groups: [{ name: 'G1', members: ['VI_1'], state: 'MASTER', since: second - 90_000, why: '' }],
    scripts: [{ name: 'chk_nginx', state: 'good', since: second - 90_010, why: 'exit status 0' }],
    unclaimed: {},
  }
}

export function mockConnection(at: number): ConnectionInfo {
  return {
    protocol: 'tcp',
    state: ['ESTABLISHED', 'FIN_WAIT', 'TIME_WAIT', 'SYN_RECV'][at % 4]!,
    expires: 900 - (at % 900),
    caddr: `10.${(at >> 14) & 255}.${(at >> 6) & 255}.${(at & 63) + 1}`,
    cport: 1024 + (at % 60_000),
    vaddr: `192.168.10.${(at % 6) * 2}`,
    vport: 80,
    daddr: `172.16.0.${(at % 3) + 1}`,
    dport: 8080,
  }
}

/** A SYN through NAT. */
export function mockExplanation(filter: string, at: number): Explanation {
  const [, client = '10.0.0.1', port = '40000'] = /host (\S+) and port (\d+)/.exec(filter) ?? []
  const server = '172.16.0.1:8080'
  return {
    at,
    link: 'eth0',
    packet: `TCP ${client}:${port} > 192.168.10.0:80 S, ttl 64, 74 octets`,
    fields: [
      ['ip.src', client],
      ['ip.dst', '192.168.10.0'],
    ],
    octets:
      '220000000001' +
      '0a0000000001' +
      '0800' +
      '4500003c1c4640004006b1e6' +
      '0a000001c0a80a00' +
      '9c400050000000010000000050020200fe300000' +
      '020405b40402080a00000001000000000103030700000000',
    length: 74,
    steps: [
      { step: 'connection', by: 'inbound' },
      { step: 'service', mark: 0, service: 'TCP 192.168.10.0:80', scheduler: 'wrr' },
      {
        step: 'scheduler',
        scheduler: 'wrr',
        rule: 'the next in the list of weight 2 or more, then of 1 less',
        chosen: server,
        more: 0,
        candidates: [
          { server, weight: 2, active: 13, inactive: 40, view: 'turn 1' },
          { server: '172.16.0.2:8080', weight: 0, active: 1, inactive: 4, refused: 'weight-0' },
        ],
      },
      { step: 'route', to: '172.16.0.1', link: 'eth1', nextHop: '172.16.0.1', mtu: 1500 },
      {
        step: 'sent',
        link: 'eth1',
        toKernel: false,
        taken: true,
        octets: 74,
        changed: [
          ['eth.dst', '22:00:00:00:00:01', '56:00:00:00:00:02'],
          ['ip.ttl', '64', '63'],
          ['ip.checksum', '0xb1e6', '0xd2d4'],
          ['ip.dst', '192.168.10.0', '172.16.0.1'],
          ['tcp.dstport', '80', '8080'],
          ['tcp.checksum', '0xfe30', '0xe1b7'],
        ],
      },
      { step: 'offload', way: 'inbound', standing: 'changing' },
    ],
    verdict: 'balanced',
    connection: mockConnection(0),
  }
}
