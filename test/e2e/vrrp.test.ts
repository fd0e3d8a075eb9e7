import t from 'tap'
import { inTime } from './in-time.js'
import { instance, onWire, whyNoWire } from './vrrp-wire.js'

/* uvs and uvs, uvs and the real keepalived in either role: the master says good-bye, loses its cable, and comes back (vrrp-wire.ts). */

/** What a busy machine adds to the times that the protocol has. */
const PATIENCE_MS = 2500

const skip = await whyNoWire()

for (const [first, second, more, downMs] of [
  ['uvs', 'uvs', 'advert_int 1', 3700],
  ['uvs', 'keepalived', 'advert_int 1', 3700],
  ['keepalived', 'uvs', 'advert_int 1', 3700],
  ['uvs', 'uvs', 'version 3\n  advert_int 0.1', 500],
  ['uvs', 'keepalived', 'version 3\n  advert_int 0.1', 500],
  ['uvs', 'keepalived', 'advert_int 1\n  authentication {\n    auth_type AH\n    auth_pass 1111\n  }', 3700],
] as const) {
  const about = more.replaceAll(/\s+/g, ' ')
  void t.test(`${first} (150) and ${second} (100), ${about}`, { skip }, t =>
    onWire(`${first}-${second}`, async wire => {
      const comesBack = async (): Promise<void> => {
        await wire.ended('rs1')
        wire.start('rs1', first, instance(150, more))
        const preempted = await wire.masterIs('rs1')
        t.ok(await wire.answers(), `preempted after ${preempted.toFixed(0)} ms, start included`)
      }
      const plug = async (state: 'up' | 'down'): Promise<number> => {
        await wire.spaces.ip('wire', 'link', 'set', 'to-rs1', state)
        return wire.masterIs(state === 'up' ? 'rs1' : 'rs2')
      }
      wire.start('rs1', first, instance(150, more))
      wire.start('rs2', second, instance(100, more))
      await wire.masterIs('rs1')
      t.ok(await wire.answers(), 'the master answers')

      const sayGoodBye = async (): Promise<number> => {
        wire.signal('rs1', 'SIGTERM')
        return wire.masterIs('rs2')
      }
      await inTime(t, 'good-bye', 700 + PATIENCE_MS, { doIt: sayGoodBye, undo: comesBack })
      t.ok(await wire.answers(), 'the other answers')
      await comesBack()

      await inTime(t, 'cable pulled', downMs + PATIENCE_MS, { doIt: () => plug('down'), undo: () => plug('up') })
      t.ok(await wire.answers(), 'the other answers')
      await plug('up')
      t.ok(await wire.answers(), 'the cable is back')

      const refused = `${wire.log('rs1')}${wire.log('rs2')}`
      t.notMatch(refused, /invalid|mismatch|wrong version|too (short|long)|Invalid|unexpected|not present/)
    }),
  )
}
