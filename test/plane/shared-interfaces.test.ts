import t from 'tap'
import { UsageError } from '../../src/director/options.js'
import type { HostSnapshot } from '../../src/linux/rtnetlink/snapshot.js'
import type { DataPlaneOptions } from '../../src/plane/data-plane-options.js'
import { onThisHost } from '../../src/plane/shared-interfaces.js'
import { link, route, snapshot } from '../linux/rtnetlink/made-up.js'
import { held } from './held.js'

function options(addresses: string[], vips: string[] = [], ...names: string[]): DataPlaneOptions {
  return {
    devices: (names.length > 0 ? names : ['eth1']).map(name => ({ kind: 'raw', name })),
    director: { addresses, vips, seed: 1 },
  }
}
const kernel = (...addresses: [text: string, link: number][]): HostSnapshot =>
  snapshot({
    links: [link(1), link(2)],
    addresses: addresses.map(([text, index]) => held(text, index)),
    routes: addresses.map(([text, index]) => route(`local ${text.split('/')[0]}/32 table 255 dev ${index}`)),
  })
/** 'beside claims' of each device. */
function modes(of: DataPlaneOptions, at: HostSnapshot): string[] {
  return onThisHost(of, at).options.devices.map(device => {
    if (device.kind !== 'raw') return 'tap'
    return [device.isBeside && 'beside', device.claims && 'claims'].filter(Boolean).join(' ')
  })
}

t.test('where the kernel has an address, and where uvs has none, uvs lives beside it', async t => {
  const here = kernel(['10.0.1.1/24', 1])
  t.strictSame(modes(options([]), here), ['beside'])
  t.strictSame(modes(options([]), kernel()), ['beside'], 'without an address of anybody')
  t.strictSame(modes(options(['10.0.1.2/24@eth1']), here), ['beside claims'], 'two hosts on one interface')
  t.strictSame(modes(options(['10.0.1.2/24@eth1']), kernel(['10.0.2.1/24', 2])), ['claims'], 'alone')
  t.strictSame(modes(options(['10.0.1.2/24@eth1'], [], 'eth1', 'eth2'), kernel(['10.0.2.1/24', 2])), [
    'claims',
    'beside',
  ])
  t.strictSame(modes(options(['10.0.9.2/24@eth9'], [], 'eth9'), here), ['claims'], 'one that is not there yet')
})

t.test("what the kernel holds stays the kernel's, with a note", async t => {
  const { options: made, notes } = onThisHost(options(['10.0.1.1/24@eth1'], ['10.0.1.1']), kernel(['10.0.1.1/24', 1]))
  t.strictSame(made.director.addresses, [])
  t.strictSame(notes, [
    "the kernel holds 10.0.1.1: it stays the kernel's, and --address 10.0.1.1/24@eth1 is left out",
    'the kernel holds 10.0.1.1, and answers for it: --vip 10.0.1.1 counts when it has let go',
  ])
  t.strictSame(modes(options(['10.0.1.1/24@eth1']), kernel(['10.0.1.1/24', 1])), ['beside'])
  t.strictSame(made.host!.held.length, 1)
})

t.test('a TAP device has no kernel beside it', async t => {
  const of: DataPlaneOptions = {
    devices: [{ kind: 'tap', name: 'eth1', mac: undefined }],
    director: { addresses: ['10.0.1.1/24@eth1'], seed: 1 },
  }
  const { options: made, notes } = onThisHost(of, kernel(['10.0.1.1/24', 1]))
  t.strictSame([made.director.addresses, notes], [['10.0.1.1/24@eth1'], []])
})

t.test('loopback is refused', async t => {
  const at = snapshot({ links: [link(1, { name: 'lo', isLoopback: true })] })
  t.throws(
    () => onThisHost(options([], [], 'lo'), at),
    new UsageError(
      "--raw: 'lo' has what programs of this host send to it, which is balanced besides: an interface that other clients come by",
    ),
  )
})

t.test('a port of a bridge or a bond is refused, by the name of the whole', async t => {
  for (const portOf of ['bridge', 'bond', 'team']) {
    const at = snapshot({ links: [link(1, { master: 2, portOf }), link(2, { name: 'whole' })] })
    t.throws(
      () => onThisHost(options([]), at),
      new UsageError(`--raw: 'eth1' is a port of the ${portOf} whole, and nothing is heard there: --raw whole`),
    )
  }
  const inVrf = snapshot({ links: [link(1, { master: 2, portOf: 'vrf' }), link(2)] })
  t.strictSame(modes(options([]), inVrf), ['beside'])
})
