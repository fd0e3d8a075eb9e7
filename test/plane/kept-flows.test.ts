import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Way } from '../../src/ebpf/attachment.js'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { KeptFlows } from '../../src/plane/kept-flows.js'
import { ownNetwork, veth } from '../linux/own-network.js'

/* Whether flows can outlive the director by the way that its program hangs at an interface. */

const skip = ownNetwork()

/** The folder of a control socket, with a bpffs beside. */
function withBpffs(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'uvs-kept-'))
  const place = join(folder, 'bpf')
  mkdirSync(place, { mode: 0o700 })
  execFileSync('mount', ['-t', 'bpf', '-o', 'mode=0700', 'bpf', place])
  t.teardown(() => {
    execFileSync('umount', ['-l', place])
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** A director's start with an interface whose program hangs so. Returns whether flows are kept then, and what is said and pinned. */
function started(t: Test, way: Way): { isOn: boolean; said: string[]; pins: string[]; end: () => string[] } {
  const folder = withBpffs(t)
  const said: string[] = []
  const kept = new KeptFlows({ control: join(folder, 'uvs.sock'), isAsked: true }, line => said.push(line))
  const maps = makeFlowMaps({ capacity: 16, hops: 4, parts: 1, seed: 1, isKept: true })
  const front = new ProgramFront({ flows: maps })
  kept.pin(maps)
  veth(way, `${way}-far`)
  const programFd = front.programFd('beside')
  const device = new RawDevice(way, { front: { mode: 'beside', programFd, way, kept: kept.front } })
  t.strictSame(kept.handOver([device]), [])
  const pins = (): string[] =>
    readdirSync(join(folder, 'bpf'), { recursive: true, encoding: 'utf8' }).filter(name => name.startsWith('uvs'))
  const end = (): string[] => {
    device.close()
    kept.close()
    front.close()
    closeFlowMaps(maps)
    return pins()
  }
  return { isOn: kept.isOn, said, pins: pins(), end }
}

t.test('by tcx they are kept', { skip }, async t => {
  const { isOn, said, pins, end } = started(t, 'tcx')
  t.equal(isOn, true)
  t.strictSame(said, [])
  t.ok(pins.some(name => /link-\d+$/.test(name)))
  t.strictSame(end(), [])
})

t.test('by clsact they are not: that is said once, and nothing is pinned', { skip }, async t => {
  const { isOn, said, pins, end } = started(t, 'clsact')
  t.equal(isOn, false)
  t.strictSame(said, ['no flow is kept: this kernel has no tcx (Linux 6.6), or the program cannot be pinned'])
  t.strictSame(pins, [])
  t.strictSame(end(), [])
})
