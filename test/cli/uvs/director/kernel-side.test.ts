import { networkInterfaces } from 'node:os'
import t from 'tap'
import type { DirectorCommand } from '../../../../src/cli/uvs/director/director-options.js'
import { kernelSideNotes } from '../../../../src/cli/uvs/director/kernel-side.js'

const lo = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '127.0.0.1')

function command(kind: 'raw' | 'tap', name: string, addresses: string[], vips: string[] = []): DirectorCommand {
  const device = kind === 'raw' ? ({ kind, name } as const) : ({ kind, name, mac: undefined } as const)
  return {
    devices: [device],
    director: { addresses, vips, seed: 1 },
    control: '',
    rules: undefined,
    http: undefined,
    marks: [],
    schedulers: [],
    workers: 1,
  }
}
/** The notes but for the one on forwarding, which the machine decides. */
const held = (of: DirectorCommand): string[] => kernelSideNotes(of).filter(note => !note.includes('forwards'))

t.test(
  'an address of ours that the kernel holds on a raw interface is told',
  { skip: lo ? false : 'lo has no 127.0.0.1' },
  async t => {
    const note = 'warning: the kernel holds our address 127.0.0.1 on lo and will answer too: remove it there'
    t.strictSame(held(command('raw', 'lo', ['127.0.0.1/8@lo'])), [note], '--address')
    t.strictSame(held(command('raw', 'lo', ['10.0.0.1/8@lo'], ['127.0.0.1'])), [note], '--vip')
    t.strictSame(held(command('raw', 'lo', ['10.0.0.1/8@lo'], ['127.0.0.0/24'])), [note], 'a block of them')
  },
)

t.test('addresses in our network that are not ours are no matter', async t => {
  t.strictSame(held(command('raw', 'lo', ['127.0.0.9/8@lo'], ['127.0.1.0/24'])), [])
})

t.test('on a TAP the kernel’s end is its own', async t => {
  t.strictSame(kernelSideNotes(command('tap', 'lo', ['127.0.0.1/8@lo'])), [])
})

t.test('an interface that is not there is no matter here', async t => {
  t.strictSame(kernelSideNotes(command('raw', 'no-such-if', ['10.0.0.1/8@no-such-if'])), [])
})
