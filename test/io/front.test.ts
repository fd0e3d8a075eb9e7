import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import { assemble, exit, mov, r0 } from '../../src/ebpf/instructions.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { Mark } from '../../src/ebpf/front-program.js'
import { ALL, assembleFilter, hear, jumpIfEqual, Known, load32 } from '../../src/linux/classic-filter.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { close, mapMemory, recvfrom } from '../../src/linux/libc.js'
import { addFilter, ClsactHook, filtersAt, qdiscAtIngress } from '../../src/linux/rtnetlink/traffic-control.js'
import { bindTo, packetSocket, setFilter } from '../../src/linux/packet-socket.js'
import { AddressKind } from '../../src/packet/front.js'
import { formatIpv4, parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { OtherNetwork } from '../linux/other-network.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

/* A front on an interface whose kernel is a host of its own: what uvs takes, what it gives back, and what is left behind. */

const skip = ownNetwork()
const TCP = 6
const [HOST, VIP, CLIENT] = ['10.0.0.1', '10.0.0.100', '10.0.0.2']
const WAYS = ['tcx', 'clsact'] as const
const STDIO: SpawnOptions = { stdio: ['pipe', 'pipe', 'inherit'] }
const ANSWER = new URL('answer-octets.js', import.meta.url).pathname
const PROGRAM = new URL('hold-front.js', import.meta.url).pathname

/** The host's end of a wire, with its addresses; a client's network at the other end. */
function wire(t: Test): OtherNetwork {
  veth('vb', 'va')
  for (const cidr of [`${HOST}/24`, `${VIP}/32`]) ip(`addr add ${cidr} dev vb`)
  const client = new OtherNetwork()
  client.take('va', `${CLIENT}/24`)
  t.teardown(() => {
    ip('link del vb')
    client.close()
  })
  return client
}

/** Servers on every address of the host, or of another network: each says what it has received. */
async function serve(t: Test, ports: readonly number[], network?: OtherNetwork): Promise<void> {
  for (const port of ports) {
    const words = [ANSWER, String(port)]
    const server = network ? network.spawn(process.execPath, ...words) : spawn(process.execPath, words, STDIO)
    t.teardown(() => server.kill('SIGKILL'))
    await once(server.stdout!, 'data')
  }
}

function ask(client: OtherNetwork, addr: string, port: number, octets = 3): Promise<string> {
  return client.program('../io/send-octets.js', addr, String(port), String(octets), '60000')
}
/** Where nobody is to answer: what they say who do. */
function askInVain(client: OtherNetwork, addr: string, port: number): Promise<string> {
  return client.program('../io/send-octets.js', addr, String(port), '3', '1000')
}

/** A process with a front on vb that takes all to a block, and what it said first. */
async function hold(t: Test, block: string, way: string, does: string): Promise<[ChildProcess, string]> {
  const process_ = spawn(process.execPath, [PROGRAM, 'vb', block, way, does], STDIO)
  t.teardown(() => process_.kill('SIGKILL'))
  const [line] = (await once(createInterface(process_.stdout!), 'line')) as [string]
  return [process_, line]
}

/** Ends it in good order; what it said last. */
async function end(process_: ChildProcess): Promise<string> {
  const line = once(createInterface(process_.stdout!), 'line')
  process_.kill('SIGTERM')
  const [said] = (await line) as [string]
  await once(process_, 'exit')
  return said
}

t.test('beside the kernel a port of a VIP is taken, all else of the host goes on', { skip }, async t => {
  const client = wire(t)
  await serve(t, [80, 8080])
  const front = new ProgramFront()
  const device = new RawDevice('vb', { front: { mode: 'beside', programFd: front.programFd('beside') } })
  t.teardown(() => {
    device.close()
    front.close()
  })
  const heard = (): string[] => {
    const found = new Set<string>()
    const sink = {
      frame: ({ view }: { view: DataView }, at: number) =>
        void found.add(`${formatIpv4(view.getInt32(at + 30) as Ipv4Addr)}:${view.getUint16(at + 36)}`),
    }
    while (device.receive(sink, 256) > 0) device.release()
    return [...found]
  }
  const askAll = (last = ask): Promise<string[]> =>
    Promise.all([ask(client, HOST, 80), ask(client, VIP, 8080), last(client, VIP, 80)])
  const ALL_ANSWER = ['3 octets at 80', '3 octets at 8080', '3 octets at 80']

  t.strictSame(await askAll(), ALL_ANSWER)
  t.strictSame(heard(), [], 'nothing said, nothing taken')

  front.setKinds(parseIpv4(HOST)!, AddressKind.KERNEL)
  front.setKinds(parseIpv4(VIP)!, AddressKind.KERNEL | AddressKind.SERVICE)
  front.setService(TCP, parseIpv4(VIP)!, 80, true)
  t.strictSame(await askAll(askInVain), ['3 octets at 80', '3 octets at 8080', ''])
  t.strictSame(heard(), [`${VIP}:80`])

  front.setService(TCP, parseIpv4(VIP)!, 80, false)
  t.strictSame(await askAll(), ALL_ANSWER)
  t.strictSame(heard(), [], 'the kernel’s again')
  t.equal(device.dropped, 0)
})

/** A socket behind the front that hears IPv4 frames with a mark: what TTLs they have. */
function hearMark(t: Test, name: string, mark: number): { ttls: () => number[] } {
  const fd = packetSocket()
  t.teardown(() => close(fd))
  setFilter(fd, assembleFilter([load32(Known.MARK), jumpIfEqual(mark, 'it'), hear(0), 'it', hear(ALL)]))
  bindTo(fd, interfaceInfo(name).index, 0x0800, name)
  const memory = mapMemory(4096)
  return {
    ttls: () => {
      const found = new Set<number>()
      while (recvfrom(fd, memory.address, 4096, 0, 0, 0) > 0) found.add(memory.bytes[22]!)
      return [...found]
    },
  }
}

for (const way of WAYS) {
  t.test(`what is given back comes to the host as if it had just come in: ${way}`, { skip }, async t => {
    const client = wire(t)
    await serve(t, [80])
    const unmarked = hearMark(t, 'vb', 0)
    const returned = hearMark(t, 'vb', Mark.RETURNED)
    const [holder, said] = await hold(t, `${HOST}/32`, way, 'give')
    t.equal(said, 'ready')
    t.equal(
      await ask(client, HOST, 80, 20_000_000),
      '20000000 octets at 80',
      'large frames, checksums left to the device',
    )
    t.match(await end(holder), /^[1-9]\d* frames, 0 dropped$/)
    t.strictSame(unmarked.ttls(), [64])
    t.strictSame(returned.ttls(), [], 'without the mark')
  })

  t.test(`and is forwarded, one hop further: ${way}`, { skip }, async t => {
    const client = wire(t)
    veth('vc', 'vd')
    const server = new OtherNetwork()
    t.teardown(() => {
      ip('link del vc')
      server.close()
    })
    ip('addr add 10.0.5.1/24 dev vc')
    server.take('vd', '10.0.5.2/24')
    server.run('ip', 'route', 'add', 'default', 'via', '10.0.5.1')
    client.run('ip', 'route', 'add', 'default', 'via', HOST)
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    t.teardown(() => writeFileSync('/proc/sys/net/ipv4/ip_forward', '0'))
    const [holder] = await hold(t, '10.0.5.0/24', way, 'give')
    await serve(t, [80], server)
    t.equal(await ask(client, '10.0.5.2', 80, 2_000_000), '2000000 octets at 80')
    t.match(await end(holder), /^[1-9]\d* frames, 0 dropped$/)
  })

  t.test(`kill -9 leaves the host as it was, at once: ${way}`, { skip }, async t => {
    const client = wire(t)
    await serve(t, [80])
    const [holder] = await hold(t, `${HOST}/32`, way, 'keep')
    t.equal(await askInVain(client, HOST, 80), '', 'all is taken')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    t.equal(await ask(client, HOST, 80), '3 octets at 80')

    const [next, said] = await hold(t, `${HOST}/32`, way, 'keep')
    t.equal(said, 'ready')
    t.equal(await askInVain(client, HOST, 80), '', 'the next one takes all again')
    t.match(await end(next), ' frames, 0 dropped')
    t.equal(await ask(client, HOST, 80), '3 octets at 80')
    t.strictSame(atClsact(), [], 'nothing is left')
    t.equal(qdiscAtIngress(interfaceInfo('vb').index), undefined)
  })
}

/** The names of filters on vb. */
function atClsact(): string[] {
  const { index } = interfaceInfo('vb')
  return [ClsactHook.INGRESS, ClsactHook.EGRESS]
    .flatMap(hook => filtersAt(index, hook))
    .map(({ name }) => name)
    .toSorted()
}

function tc(line: string): void {
  execFileSync('tc', line.split(' '))
}

t.test('filters and a qdisc of others stay, and the front is before them', { skip }, async t => {
  const client = wire(t)
  await serve(t, [80])
  const { index: ifindex } = interfaceInfo('vb')
  tc('qdisc add dev vb clsact')
  // Its word, TC_ACT_OK, would be the last.
  const others = loadProgram(ProgramType.SCHED_CLS, assemble([mov(r0, 0), exit()]))
  for (const hook of [ClsactHook.INGRESS, ClsactHook.EGRESS])
    t.equal(addFilter({ ifindex, hook, priority: 1, handle: 1 }, others, 'others'), 0)
  close(others)
  const [first] = await hold(t, `${HOST}/32`, 'clsact', 'give')
  t.strictSame(atClsact(), ['others', 'others', 'uvs', 'uvs'])
  t.equal(await ask(client, HOST, 80), '3 octets at 80', 'given back, which needs both')
  first.kill('SIGKILL')
  await once(first, 'exit')
  t.strictSame(atClsact(), ['others', 'others', 'uvs', 'uvs'], 'what is left does nothing')
  t.equal(await ask(client, HOST, 80), '3 octets at 80')
  const [second] = await hold(t, `${HOST}/32`, 'clsact', 'keep')
  t.strictSame(atClsact(), ['others', 'others', 'uvs', 'uvs'])
  t.equal(await askInVain(client, HOST, 80), '', 'taken')
  await end(second)
  t.strictSame(atClsact(), ['others', 'others'])
  t.equal(qdiscAtIngress(ifindex), 'clsact')
})

t.test('where it could not be the first it is refused, and nothing is left', { skip }, async t => {
  wire(t)
  const refused = async (why: string): Promise<void> => {
    const [, said] = await hold(t, `${HOST}/32`, 'clsact', 'keep')
    t.equal(said, `vb cannot be shared with the kernel: ${why}; give uvs an interface of its own, with --address`)
  }
  tc('qdisc add dev vb ingress')
  await refused('an ingress qdisc instead of clsact on vb: file already exists (EEXIST)')
  tc('qdisc del dev vb ingress')
  tc('qdisc add dev vb clsact')
  tc('filter add dev vb egress prio 1 protocol ip u32 match u32 0 0 classid 1:1')
  await refused('a filter of another kind has priority 1 at clsact on vb: file already exists (EEXIST)')
  t.notOk(atClsact().includes('uvs'))
})

t.test('an interface has one director', { skip }, async t => {
  wire(t)
  for (const way of WAYS) {
    const [holder] = await hold(t, `${HOST}/32`, way, 'keep')
    const [, said] = await hold(t, `${HOST}/32`, way, 'keep')
    t.equal(said, 'a second director on vb: another process holds it (EBUSY)')
    t.throws(() => new RawDevice('vb', { front: { mode: 'exclusive', programFd: undefined } }), { message: said })
    holder.kill('SIGKILL')
    await once(holder, 'exit')
  }
  const device = new RawDevice('vb', { front: { mode: 'exclusive', programFd: undefined } })
  t.equal(device.toKernel, undefined, 'there is no way back without a program')
  device.close()
})
