import { Chunk } from '../../support/sctp.js'
import type { Side } from '../case.js'
import type { Dice } from './dice.js'
import { VIPS, type PlannedService } from './generate-services.js'
import type { ErrorStep, Flow, PacketStep, Shape } from './scenario.js'

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

/** A client and a virtual port, mostly one of the service's. */
export function drawFlow(dice: Dice, service: PlannedService): Flow {
  const [server = '', serverPort = ''] = dice.pick(service.servers).split(':')
  const isOther = dice.chance(6)
  const vipPort = isOther ? dice.pick([9, 21, 5000]) : dice.pick(service.ports)
  return {
    protocol: isOther && dice.chance(30) ? dice.pick(['tcp', 'udp', 'sctp']) : service.protocol,
    client: dice.pick(CLIENTS),
    clientPort: dice.chance(3) ? 20 : dice.between(40_000, 40_003),
    vip: isOther ? dice.pick(VIPS) : service.vip,
    vipPort,
    server,
    serverPort: Number(serverPort) || vipPort,
  }
}

/** What may be said in a flow next. */
export function drawTalk(dice: Dice, flow: Flow): (PacketStep | ErrorStep)[] {
  if (dice.chance(7)) return [drawError(dice, flow)]
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
export function drawCrowd(dice: Dice, service: PlannedService): PacketStep[] {
  const first = drawFlow(dice, service)
  const isOneClient = dice.chance(50)
  const flows = Array.from({ length: dice.between(4, 24) }, (_, n) => {
    return { ...first, client: isOneClient ? first.client : dice.pick(CLIENTS), clientPort: 41_000 + n }
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
    payloadLen: dice.pick([0, 0, 1, 7, 64]),
    ttl: drawTtl(dice),
    df: dice.chance(80),
    checksum,
  }
  return { kind: 'packet', flow, from, shape }
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
    checksum: dice.chance(92) ? 'right' : 'wrong',
    embeddedLen: dice.pick([8, 8, 20, 28, 4]),
  }
}

function drawTtl(dice: Dice): number {
  return dice.weighted([
    [94, 64],
    [3, 2],
    [3, 1],
  ])
}
