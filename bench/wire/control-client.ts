/*
 * node control-client.js PATH REQUESTS-PER-SECOND SECONDS: sends a mix of requests to a control socket, at that rate, on
 * several connections, and prints the results as JSON. A process of its own, as a director's clients are.
 */
import { pathToFileURL } from 'node:url'
import type { Control, Request } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'

export interface ControlFigures {
  asked: number
  /** Requests refused, or not answered. */
  failed: number
  /** The first one's message. */
  why?: string
  p50Ms: number
  p99Ms: number
  worstMs: number
}

const CONNECTIONS = 4
const SERVICE = { protocol: 'tcp', address: '198.51.100.80', port: 8080 } as const
const DESTINATION = { address: '198.51.100.81', port: 8080 } as const
const SETTINGS = { scheduler: 'wlc', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
const WEIGHED = { method: 'masq', upperThreshold: 0, lowerThreshold: 0 } as const

/** Listings, statistics and changes in turn; none of them touches a service that traffic uses. */
function mixed(turn: number): Request {
  const port = 9000 + (turn % 1000)
  switch (turn % 10) {
    case 0:
    case 5:
      return { op: 'services' }
    case 1:
    case 6:
      return { op: 'verdicts' }
    case 2:
      return { op: 'connections', from: 0 }
    case 3:
      return { op: 'services', service: SERVICE }
    case 4:
      return { op: 'set-timeouts', timeouts: { tcp: 900 + (turn % 7), tcpfin: 0, udp: 0 } }
    case 7:
      return { op: 'add-service', service: { ...SERVICE, port: port - 7 }, settings: SETTINGS }
    case 8:
      return {
        op: 'edit-destination',
        service: SERVICE,
        destination: DESTINATION,
        settings: { ...WEIGHED, weight: turn % 100 },
      }
    default:
      return { op: 'delete-service', service: { ...SERVICE, port: port - 9 } }
  }
}

/** The changes in the mix. Those that must stay in order share a connection: 7 and 9 of ten use the first. */
async function prepare(control: Control): Promise<void> {
  await control.call({ op: 'add-service', service: SERVICE, settings: SETTINGS })
  await control.call({
    op: 'add-destination',
    service: SERVICE,
    destination: DESTINATION,
    settings: { ...WEIGHED, weight: 1 },
  })
}

/** Sends `perSecond` requests a second for `seconds`, whether or not the earlier ones have been answered. */
export async function askSteadily(path: string, perSecond: number, seconds: number): Promise<ControlFigures> {
  const clients = Array.from({ length: CONNECTIONS }, () => connectControl(path))
  await prepare(clients[0]!)
  const tookMs: number[] = []
  const waiting: Promise<void>[] = []
  let failed = 0
  let why: string | undefined
  const fail = (message: string): void => {
    failed++
    why ??= message
  }
  const ask = async (turn: number): Promise<void> => {
    const control = clients[turn % 10 === 9 || turn % 10 === 7 ? 0 : turn % CONNECTIONS]!
    const request = mixed(turn)
    const from = performance.now()
    try {
      const reply = await control.call(request)
      tookMs.push(performance.now() - from)
      if (!reply.ok) fail(`${request.op}: ${reply.message}`)
    } catch (error) {
      fail(`${request.op}: ${(error as Error).message}`)
    }
  }
  const start = performance.now()
  const wanted = perSecond * seconds
  for (let turn = 0; turn < wanted;) {
    const due = Math.min(wanted, ((performance.now() - start) / 1000) * perSecond)
    for (; turn < due; turn++) waiting.push(ask(turn))
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(waiting)
  for (const client of clients) client.close()
  tookMs.sort((a, b) => a - b)
  const at = (share: number): number => Math.round((tookMs[Math.floor(tookMs.length * share)] ?? 0) * 100) / 100
  return {
    asked: wanted,
    failed,
    ...(why && { why }),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    worstMs: Math.round(tookMs.at(-1) ?? 0),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [path = '', perSecond, seconds] = process.argv.slice(2)
  console.log(JSON.stringify(await askSteadily(path, Number(perSecond), Number(seconds))))
}
