import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { inTime } from './in-time.js'
import { sooner } from './lan.js'
import { instance, LIMIT_MS, onWire, VIP, whyNoWire } from './vrrp-wire.js'

/* The addresses of a virtual router on the kernel's interface: left by kill -9, taken away by somebody, there already (vrrp-wire.ts). */

const skip = await whyNoWire()

t.test('kill -9 leaves the address; the next start takes it away, and comes back as a backup', { skip }, t =>
  onWire('kill', async wire => {
    wire.start('rs1', 'uvs', instance(150))
    wire.start('rs2', 'uvs', instance(100))
    await wire.masterIs('rs1')
    wire.signal('rs1', 'SIGKILL')
    // The log says MASTER before the kernel has been asked for the address.
    const bothHold = async (): Promise<boolean> => (await wire.holds('rs1')) && (await wire.holds('rs2'))
    await t.resolves(sooner(bothHold, LIMIT_MS), 'both kernels have it')
    wire.start('rs1', 'uvs', instance(90))
    await t.resolves(wire.masterIs('rs2'))
    await sleep(4000)
    t.ok(await wire.holds('rs2'), 'and stays master')
    t.notOk(await wire.holds('rs1'))
  }),
)

t.test('an address that somebody takes away, and one that a reload adds', { skip }, t =>
  onWire('address', async wire => {
    wire.start('rs1', 'uvs', instance(150))
    await wire.masterIs('rs1')
    const takeAway = async (): Promise<number> => {
      const before = wire.log('rs1').length
      await wire.spaces.ip('rs1', 'addr', 'del', `${VIP}/24`, 'dev', 'eth0')
      const said = `BACKUP: address ${VIP} was removed from eth0`
      await sooner(async () => wire.log('rs1').slice(before).includes(said), LIMIT_MS)
      return wire.masterIs('rs1')
    }
    // Not the wait for a master that is silent, 3.4 s.
    await inTime(t, 'back after the skew time', 3000, { doIt: takeAway, undo: async () => {} })
    writeFileSync(
      join(wire.spaces.ledger.dir, 'rs1.conf'),
      instance(150).replace(`${VIP}/24`, `${VIP}/24\n10.78.0.101/24`),
    )
    wire.signal('rs1', 'SIGHUP')
    const both = (): Promise<string> => wire.spaces.must('rs1', 'ip', ['-4', 'addr', 'show', 'dev', 'eth0'])
    await t.resolves(sooner(async () => (await both()).includes('10.78.0.101/24'), LIMIT_MS))
    t.ok(await wire.holds('rs1'))
    wire.signal('rs1', 'SIGTERM')
    await wire.masterIs(undefined)
    await t.resolves(sooner(async () => !(await both()).includes('10.78.0.101'), LIMIT_MS))
  }),
)

for (const kind of ['uvs', 'keepalived'] as const)
  void t.test(
    `${kind}: an address that the host has already is the virtual router's, one of another length is not`,
    { skip },
    t =>
      onWire(`held-${kind}`, async wire => {
        const shown = async (): Promise<string[]> => {
          const out = await wire.spaces.must('rs1', 'ip', ['-4', '-o', 'addr', 'show', 'dev', 'eth0'])
          return [...out.matchAll(/inet (\S+)/g)].map(([, address]) => address!)
        }
        const becomes = async (...addresses: string[]): Promise<void> => {
          const isSo = async (): Promise<boolean> => (await shown()).join() === addresses.join()
          await t.resolves(sooner(isSo, LIMIT_MS), addresses.join())
        }
        for (const length of [24, 32]) await wire.spaces.ip('rs1', 'addr', 'add', `${VIP}/${length}`, 'dev', 'eth0')
        const [own, other, virtual] = ['10.78.0.1/24', `${VIP}/32`, `${VIP}/24`]
        t.strictSame((await shown()).toSorted(), [own, virtual, other].toSorted())
        wire.start('rs1', kind, instance(150))
        await becomes(own, other)
        await becomes(own, other, virtual)
        wire.signal('rs1', 'SIGTERM')
        await becomes(own, other)
      }),
  )
