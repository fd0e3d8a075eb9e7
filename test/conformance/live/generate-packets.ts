import { Chunk } from '../../support/sctp.js'
import type { Side } from '../case.js'
import type { Dice } from './dice.js'
import { VIPS } from './generate-services.js'
import type { PlannedService } from './planned-service.js'
import type { EchoStep, ErrorStep, Flow, PacketStep, Shape, TunnelErrorStep } from './scenario.js'

/* Two neighbours, two of one /24 behind the gateway, and one far from all. */
const CLIENTS = ['10.99.1.10', '10.99.1.11', '198.51.100.7', '198.51.100.200', '203.0.113.9']
const FLAGS = [
  'S',
  'S',
  'SA',
  'A',
  'PA',
  'A',
  'FA',
  'FA',
  'F',
  'R',
  'RA',
  'SR',
  'SF',
  '',
  'P',
  'FPU',
  'FSRPAUEC',
  'SEC',
  'FR',
]
/** From state to state; RST ends most ways. */
const WALK_FLAGS = ['S', 'S', 'SA', 'A', 'A', 'PA', 'FA', 'FA', 'F', 'RA', 'P']
/* No operation; router alert; one that is copied and one that is not, unknown to all; the end. */
const IP_OPTIONS = ['01010101', '94040000', '9e0401021e040304', '01010000']
const ROUTERS = { c: '192.0.2.1', r: '10.99.2.13' }
/** As often as any: one that begins an association, and one that nobody knows. */
const CHUNKS = [...Object.values(Chunk), Chunk.INIT, 0xc1]
const { DATA, INIT, INIT_ACK, SACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE } = Chunk

/** Each a conversation, or a part of one: who sends, and the flags or the first chunk. */
const TCP_TALKS: [Side, string][][] = [
  [
    ['c', 'S'],
    ['r', 'SA'],
    ['c', 'A'],
  ],
  [
    ['c', 'S'],
    ['r', 'SA'],
  ],
  [['c', 'S']],
  [
    ['c', 'FA'],
    ['r', 'A'],
    ['r', 'FA'],
    ['c', 'A'],
  ],
  [
    ['r', 'FA'],
    ['c', 'A'],
    ['c', 'FA'],
    ['r', 'A'],
  ],
  [
    ['c', 'PA'],
    ['r', 'PA'],
    ['c', 'A'],
  ],
  [['c', 'R']],
  [['r', 'RA']],
]
const SCTP_TALKS: [Side, number][][] = [
  [
    ['c', INIT],
    ['r', INIT_ACK],
    ['c', COOKIE_ECHO],
    ['r', COOKIE_ACK],
  ],
  [
    ['c', INIT],
    ['r', INIT_ACK],
  ],
  [['c', INIT]],
  [
    ['c', DATA],
    ['r', SACK],
  ],
  [
    ['c', SHUTDOWN],
    ['r', SHUTDOWN_ACK],
    ['c', SHUTDOWN_COMPLETE],
  ],
  [
    ['r', SHUTDOWN],
    ['c', SHUTDOWN_ACK],
    ['r', SHUTDOWN_COMPLETE],
  ],
  [['r', ABORT]],
]

/** A client and a virtual port, mostly one of the service's. `epoch`: flows of an earlier one are not drawn again. */
export function drawFlow(dice: Dice, service: PlannedService, epoch: number): Flow {
  const [server = '', serverPort = ''] = dice.pick(service.servers).split(':')
  const isOther = dice.chance(6)
  const vipPort = isOther ? dice.pick([9, 21, 5000]) : dice.pick(service.ports)
  return {
    protocol: isOther && dice.chance(30) ? dice.pick(['tcp', 'udp', 'sctp']) : service.protocol,
    client: dice.pick(CLIENTS),
    clientPort: epoch === 0 && dice.chance(3) ? 20 : 40_000 + epoch * 100 + dice.below(4),
    vip: isOther ? dice.pick([...VIPS, ...VIPS, '10.99.1.1', '10.99.2.11']) : service.vip,
    vipPort,
    server,
    serverPort: Number(serverPort) || vipPort,
  }
}

/** What may be said in a flow next. */
export function drawTalk(dice: Dice, flow: Flow): (PacketStep | ErrorStep | TunnelErrorStep)[] {
  if (dice.chance(8)) return [drawError(dice, flow)]
  if (dice.chance(6)) return [packet(dice, flow, 'c', opening(flow)), drawTunnelError(dice, flow)]
  const { protocol } = flow
  if (protocol === 'udp')
    return dice.pick([['c'], ['c', 'r'], ['r']] as Side[][]).map(from => packet(dice, flow, from, {}))
  if (protocol === 'tcp') {
    if (dice.chance(40)) return [packet(dice, flow, drawSide(dice), { flags: dice.pick(FLAGS) })]
    return dice.pick(TCP_TALKS).map(([from, flags]) => packet(dice, flow, from, { flags }))
  }
  if (dice.chance(40)) return [packet(dice, flow, drawSide(dice), { chunks: drawChunks(dice) })]
  return dice.pick(SCTP_TALKS).map(([from, chunk]) => packet(dice, flow, from, { chunks: [chunk] }))
}

/**
 * Many connections at once, each saying some things at random: schedulers and thresholds have something to do, and at
 * the end there is a connection in every state.
 */
export function drawCrowd(dice: Dice, service: PlannedService, epoch: number): PacketStep[] {
  const first = drawFlow(dice, service, epoch)
  const isOneClient = dice.chance(50)
  const flows = Array.from({ length: dice.between(4, 24) }, (_, n) => {
    return { ...first, client: isOneClient ? first.client : dice.pick(CLIENTS), clientPort: 41_000 + epoch * 100 + n }
  })
  const rounds = dice.between(0, 6)
  const steps = flows.map(flow => packet(dice, flow, 'c', opening(flow)))
  for (let round = 0; round < rounds; round++) {
    for (const flow of flows) {
      if (dice.chance(80)) steps.push(packet(dice, flow, dice.pick(['c', 'r']), anything(dice, flow)))
    }
  }
  return steps
}

function opening({ protocol }: Flow): Pick<Shape, 'flags' | 'chunks'> {
  return { tcp: { flags: 'S' }, udp: {}, sctp: { chunks: [INIT] } }[protocol]
}

function anything(dice: Dice, { protocol }: Flow): Pick<Shape, 'flags' | 'chunks'> {
  if (protocol === 'udp') return {}
  if (protocol === 'tcp') return { flags: dice.pick(WALK_FLAGS) }
  return { chunks: [dice.chance(5) ? ABORT : dice.pick(CHUNKS.filter(chunk => chunk !== ABORT))] }
}

function drawSide(dice: Dice): Side {
  return dice.chance(65) ? 'c' : 'r'
}

function drawChunks(dice: Dice): number[] {
  const first = dice.pick(CHUNKS)
  return dice.chance(25) ? [first, dice.pick([DATA, ABORT, ABORT, SHUTDOWN])] : [first]
}

function packet(dice: Dice, flow: Flow, from: Side, what: Pick<Shape, 'flags' | 'chunks'>): PacketStep {
  const checksum = dice.weighted<Shape['checksum']>([
    [94, 'right'],
    [3, 'wrong'],
    [flow.protocol === 'udp' ? 10 : 0, 'none'],
  ])
  const shape: Shape = {
    ...what,
    payloadLen: dice.chance(85) ? dice.pick([0, 0, 1, 7, 64]) : drawLongPayload(dice, flow),
    ttl: drawTtl(dice),
    tos: drawTos(dice),
    df: dice.chance(dice.pick([80, 20])),
    id: dice.pick([0x1234, 0x1234, 0, 0xffff]),
    ipOptions: dice.chance(96) ? '' : dice.pick(IP_OPTIONS),
    checksum,
  }
  return { kind: 'packet', flow, from, shape }
}

/** About as long as a packet may be, directly or through a tunnel. */
function drawLongPayload(dice: Dice, { protocol }: Flow): number {
  const mtu = dice.weighted([
    [6, 1500],
    [3, 1400],
    [1, dice.pick([1300, 1000, 576])],
  ])
  const headers = { tcp: 40, udp: 28, sctp: 36 }[protocol]
  const len = mtu - dice.pick([0, 20, 24, 28, 32]) + dice.pick([-8, -1, 0, 0, 1, 8])
  return Math.min(len, 1500) - headers
}

function drawTos(dice: Dice): number {
  return dice.weighted([
    [85, 0],
    [15, dice.pick([1, 2, 3, 0x10, 0xb8, 0xbb, 0x1c, 0xff])],
  ])
}

export function drawEcho(dice: Dice): EchoStep {
  const from = drawSide(dice)
  return {
    kind: 'echo',
    from,
    host: from === 'c' ? dice.pick(CLIENTS) : '10.99.2.11',
    to: dice.pick([...VIPS, '10.99.1.1', '10.99.2.1']),
    payloadLen: dice.pick([0, 56, 1472, 1473 - 1, 1000]),
    ttl: drawTtl(dice),
    tos: drawTos(dice),
    df: dice.chance(50),
  }
}

/** From the path to a server behind a tunnel, about what has just been sent there. */
function drawTunnelError(dice: Dice, flow: Flow): TunnelErrorStep {
  const [type, code] = dice.pick([
    [3, 4],
    [3, 4],
    [3, 4],
    [3, 1],
    [3, 3],
    [4, 0],
    [11, 0],
    [12, 0],
  ])
  return {
    kind: 'tunnel-error',
    flow,
    type: type!,
    code: code!,
    router: dice.chance(50) ? ROUTERS.r : undefined,
    checksum: dice.chance(92) ? 'right' : 'wrong',
    mtu: code === 4 ? dice.pick([1400, 1400, 1300, 1000, 576, 552, 500, 100, 68, 0, 1500, 2000]) : 0,
    embeddedLen: dice.pick([1472, 1472, 1472, 548, 100, 68, 48, 44, 36, 28, 24]),
  }
}

function drawError(dice: Dice, flow: Flow): ErrorStep {
  const from = drawSide(dice)
  const [type, code] = dice.pick([
    [3, 1],
    [3, 3],
    [3, 4],
    [4, 0],
    [11, 0],
    [12, 0],
  ])
  return {
    kind: 'error',
    flow,
    from,
    type: type!,
    code: code!,
    router: dice.chance(30) ? ROUTERS[from] : undefined,
    ttl: drawTtl(dice),
    tos: dice.chance(80) ? 0xc0 : drawTos(dice),
    df: dice.chance(20),
    checksum: dice.chance(92) ? 'right' : 'wrong',
    mtu: code === 4 ? dice.pick([1400, 576, 0]) : 0,
    embeddedLen: dice.chance(80) ? dice.pick([8, 8, 20, 28, 4]) : dice.pick([528, 1400, 1452]),
    quotes: dice.pick(['server', 'vip']),
  }
}

function drawTtl(dice: Dice): number {
  return dice.weighted([
    [94, 64],
    [3, 2],
    [3, 1],
  ])
}
