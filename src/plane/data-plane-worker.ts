/*
 * The thread of a data plane's worker. It never returns to its event loop. It turns the director's loop; when it is idle it blocks
 * in poll(2) on the devices and an eventfd, by which the main thread wakes it for a request.
 */
import { readlinkSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Director } from '../director/director.js'
import { DeviceEgress, Loop } from '../director/loop.js'
import { DEFAULT_MAX_CONNECTIONS, UsageError } from '../director/options.js'
import { FrontRefused, whyNoBpf } from '../ebpf/front-refused.js'
import type { ProgramFlows } from '../ebpf/program-flows.js'
import type { ProgramFront } from '../ebpf/program-front.js'
import { BusyPoll } from '../linux/busy-poll.js'
import type { Device } from '../packet/device.js'
import type { FanoutGroup } from '../io/fanout.js'
import { makeResident, mapWords } from '../linux/huge-pages.js'
import { mapMemory, readWord, schedYield, SystemError } from '../linux/libc.js'
import { stayOnCpu, stayOnThisCpu } from '../linux/one-cpu.js'
import { Poller } from '../linux/poller.js'
import { LibpcapDevice } from '../io/libpcap-device.js'
import { npmPcap } from '../io/npm-pcap.js'
import { RawDevice } from '../io/raw-device.js'
import { shortenSlices } from '../linux/short-slice.js'
import { macOfName, TapDevice } from '../io/tap-device.js'
import { UnusableError } from '../io/unusable-error.js'
import { SharedCounts } from '../service/shared-counts.js'
import { formatMac } from '../wire/addr.js'
import { availablePages } from '../linux/memory-pages.js'
import { executeInSteps } from '../control/operations/execute.js'
import { inlineThePath } from './engine.js'
import { flowTable, openFront, servesBy, whyNotOffloaded, type OpenedFront } from './flow-offload.js'
import { KeptFlows } from './kept-flows.js'
import { DEFAULT_SYN_BUDGET } from './offload-options.js'
import { HostFollower } from './host-follower.js'
import { loadScheduler } from './load-scheduler.js'
import { openLoopback } from './open-loopback.js'
import {
  sharedWithKernel,
  type WorkerData,
  type DeviceOptions,
  type FromWorker,
  type ToWorker,
} from './worker-messages.js'
import { Reopening } from './reopening.js'
import { AdvertWriter } from './advert-queue.js'
import { carryOut } from './router-order.js'
import { memoryOf, RequestQueue } from './request-queue.js'
import { TurnCounters } from '../control/operations/turn-counters.js'

const data = workerData as WorkerData
const isFirst = data.worker === undefined || data.worker.index === 0
inlineThePath()
/** Lines for the log, once the worker is ready. */
const notes: string[] = []

function answer(message: FromWorker, memory: ArrayBuffer[] = []): void {
  data.requests.postMessage(message, memory)
}

type RawOptions = Extract<DeviceOptions, { kind: 'raw' }>

/** What outlives this director, and what others have left. The first worker's. */
const kept =
  isFirst && data.keep && data.devices.some(({ kind }) => kind === 'raw')
    ? new KeptFlows(data.keep, problem => notes.push(problem))
    : undefined

function openRaw({ name, isBeside, sharing }: RawOptions, front: ProgramFront | undefined): RawDevice {
  const mode = isBeside ? 'beside' : 'exclusive'
  return new RawDevice(name, { sharing, front: { mode, programFd: front?.programFd(mode), kept: kept?.front } })
}
function openDevice(options: DeviceOptions, front: ProgramFront | undefined): Device {
  if (options.kind === 'raw') return openRaw(options, front)
  if (options.kind === 'libpcap') return new LibpcapDevice(options.name, npmPcap())
  return new TapDevice(options.name, options.mac ?? macOfName(options.name), options.sharing)
}
function groupOf(device: Device): FanoutGroup | undefined {
  return device instanceof RawDevice ? device.group : undefined
}

interface Started {
  readonly devices: Device[]
  readonly director: Director
  readonly follower: HostFollower | undefined
  readonly front: Partial<OpenedFront> | undefined
}

/** Of the first worker. Where the kernel takes no programs uvs can only be alone on its interfaces: else FrontRefused. */
function openOurFront(): Partial<OpenedFront> | undefined {
  if (!isFirst) return data.flowMaps && { maps: data.flowMaps }
  if (data.devices.every(({ kind }) => kind !== 'raw')) return undefined
  try {
    const { offload, worker, director } = data
    const workers = worker?.of ?? 1
    const synBudget = data.synBudget ?? DEFAULT_SYN_BUDGET * workers
    const { maxConnections = DEFAULT_MAX_CONNECTIONS, seed } = director
    const isKept = kept?.isOn ?? false
    return openFront({ offload, workers, maxConnections, synBudget, seed, isKept })
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    const beside = data.devices.find(device => device.kind === 'raw' && device.isBeside)
    if (beside) throw new FrontRefused(beside.name, error)
    return data.offload && { note: whyNoBpf(error) }
  }
}

async function start(): Promise<Started | undefined> {
  const devices: Device[] = []
  try {
    const opened = openOurFront()
    const { front, maps } = opened ?? {}
    const schedulers = await Promise.all((data.schedulers ?? []).map(loadScheduler))
    kept?.pin(maps)
    for (const options of data.devices) devices.push(openDevice(options, front))
    const leftFlows = kept?.handOver(devices) ?? []
    const flows = maps && flowTable(maps, data.worker?.index ?? 0, devices)
    const links = devices.map(({ name, mac, mtu }, i) => ({ name, mac, mtu, ...sharedWithKernel(data.devices[i]!) }))
    const loopback = openLoopback(data, front, line => notes.push(line))
    if (loopback) devices.push(loopback)
    const director = new Director({
      ...data.director,
      ...(data.worker && { worker: { ...data.worker, counts: new SharedCounts(data.worker.counts) } }),
      links,
      ...(loopback && { loopback: loopback.name }),
      ...(front && { front }),
      ...(flows && { flows, leftFlows }),
      ...(data.adverts && { adverts: new AdvertWriter(data.adverts) }),
      egress: new DeviceEgress(devices),
      now: performance.now(),
      allocate: mapMemory,
      allocateWords: mapWords,
      schedulers,
      report: sparingly(problem => answer({ problem })),
      notServed: what => answer({ problem: `not served yet: ${what}` }),
      notice: problem => answer({ problem, once: true }),
      availablePages,
    })
    makeResident(director.conns.table.words)
    const hasRaw = data.devices.some(({ kind }) => kind === 'raw')
    const follower = hasRaw ? follow(director, devices, front, flows) : undefined
    return { devices, director, follower, front: opened }
  } catch (error) {
    for (const device of devices) device.close()
    kept?.giveUp()
    const isSystem = error instanceof SystemError || error instanceof UnusableError
    if (!(error instanceof UsageError || isSystem || error instanceof RangeError)) throw error
    const isMemory = error instanceof SystemError && error.code === 'ENOMEM'
    const cure = isMemory ? ': a lower --max-connections needs less memory' : ''
    answer({ failed: error.message + cure, usage: !isSystem })
    return undefined
  }
}

/** Passes at most one problem a second: a scheduler may fail for every connection. */
function sparingly(pass: (problem: string) => void): (problem: string) => void {
  let next = 0
  return problem => {
    const now = performance.now()
    if (now < next) return
    next = now + 1000
    pass(problem)
  }
}

/** Takes the main thread's requests. Returns false for `stop`. What virtual routers say is sent at once: no turn may follow soon. */
function take(queue: RequestQueue, { director, devices }: Started): boolean {
  Atomics.store(data.signal, 0, 0)
  for (;;) {
    const received = receiveMessageOnPort(data.requests) as { message: ToWorker } | undefined
    if (received === undefined) return true
    const { message } = received
    if ('stop' in message) return false
    if ('asked' in message) queue.add(message.asked)
    else if (carryOut(director, message.order)) for (const device of devices) device.flush()
  }
}

function heap(): { used: number; total: number } {
  const { used_heap_size: used, total_heap_size: total } = getHeapStatistics()
  return { used, total }
}

const CLOCK_SET_MS = 5
/** ms since 1970 at 0 of `performance.now`: the same for all pages of a recording, unless the host's clock was set. */
let epoch = performance.timeOrigin
function epochMs(): number {
  const is = Date.now() - performance.now()
  if (Math.abs(is - epoch) > CLOCK_SET_MS) epoch = is
  return epoch
}

/** This thread's ID (gettid). */
function threadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
}

/** Time for requests in a turn, in ms: about that of a full batch of frames. Further work waits for the next turn. */
const REQUESTS_MS = 0.5

function now(): number {
  return performance.now()
}

function work(queue: RequestQueue): void {
  const answered = queue.work(now() + REQUESTS_MS, now)
  if (answered.length > 0) answer({ answered }, memoryOf(answered))
}

/** Each worker follows the kernel. The old device is closed last: the director goes on with it if there is no new one. */
function follow(
  director: Director,
  devices: Device[],
  front: ProgramFront | undefined,
  flows: ProgramFlows | undefined,
): HostFollower {
  const { worker } = data
  const reopening = worker && new Reopening(worker.reopening, worker, openShared)
  return new HostFollower(director, {
    reopen(index, name, ifindex) {
      const options = { ...data.devices[index]!, name }
      const device = reopening ? reopening.take(index, name, ifindex) : openDevice(options, front)
      if (device === undefined) return false
      devices[index]!.close()
      devices[index] = device
      if (flows) servesBy(flows, index, device)
      return true
    },
    chosen: index => reopening?.chosen(index),
    isDead: index => rawDevice(index)?.isDead ?? false,
    letGo: index => rawDevice(index)?.letGo(),
    say: line => (isFirst ? answer({ problem: line }) : undefined),
    complain: problem => answer({ problem }),
    close: () => reopening?.close(),
  })

  function rawDevice(index: number): RawDevice | undefined {
    const device = devices[index]
    return device instanceof RawDevice ? device : undefined
  }
  function openShared(index: number, name: string, group: FanoutGroup | undefined): RawDevice {
    const options = data.devices[index]!
    if (options.kind !== 'raw') throw new UsageError('the workers share it: restart uvs')
    const sharing = { programFd: options.sharing!.programFd, group, isDeaf: true }
    return openRaw({ ...options, name, sharing }, front)
  }
}

function run(started: Started): void {
  const { director, devices, follower } = started
  const loop = new Loop(director, devices)
  const makePoller = (): Poller => new Poller([data.wakeFd, ...devices.flatMap(device => device.fds)])
  let poller = makePoller()
  const busy = new BusyPoll()
  const turns = new TurnCounters()
  const around = { devices, turns, heap, epochMs, notOffloaded: whyNotOffloaded(data, started.front) }
  const queue = new RequestQueue(request => executeInSteps(director, request, around))
  /** When the last turn began if it had work, else NaN. A turn with work is followed by the next one at once. */
  let began = NaN
  let frames = 0
  for (;;) {
    const time = now()
    if (!Number.isNaN(began)) turns.add(frames, time - began)
    if (follower?.poll(time)) poller = makePoller()
    frames = loop.turn(time)
    if (Atomics.load(data.signal, 0) !== 0 && !take(queue, started)) return
    const isAsked = !queue.isEmpty
    if (isAsked) work(queue)
    began = isAsked || frames > 0 ? time : NaN
    if (busy.mayLookAgain(time, frames)) {
      if (frames === 0) schedYield()
    } else if (!isAsked && poller.wait(Math.min(loop.idleMs, follower?.idleMs ?? Infinity))) readWord(data.wakeFd)
  }
}

const started = await start()
if (started) {
  const { devices, front } = started
  if (data.worker) stayOnCpu(data.worker.index)
  else stayOnThisCpu()
  shortenSlices()
  answer({
    ready: started.director.links.map(({ name, mac, mtu }) => ({ name, mac: formatMac(mac), mtu })),
    groups: devices.map(groupOf),
    flowMaps: front?.maps,
    thread: threadId(),
  })
  if (front?.note !== undefined) notes.push(`no flow is offloaded: ${front.note}`)
  for (const problem of notes) answer({ problem })
  run(started)
  started.follower?.close()
  for (const device of devices) device.close()
  started.director.flows?.adoption?.end()
  kept?.close()
  answer({ stopped: true })
}
data.requests.close()
