import t from 'tap'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { openLoopback } from '../../src/plane/open-loopback.js'
import type { DeviceOptions, WorkerData } from '../../src/plane/worker-messages.js'
import { ip, ownNetwork } from '../linux/own-network.js'

/* When a director has the loopback interface, and what it says when it has not. */

const skip = ownNetwork()
const BESIDE: DeviceOptions = { kind: 'raw', name: 'eth0', isBeside: true }

t.test('one director has it, one after the other', { skip }, async t => {
  const front = new ProgramFront()
  t.teardown(() => front.close())
  const notes: string[] = []
  const open = (data: Pick<WorkerData, 'devices' | 'worker'>) => openLoopback(data, front, line => notes.push(line))
  const refused = 'what programs of this host send to a virtual service is not balanced: '

  ip('link set lo down')
  t.equal(open({ devices: [BESIDE] }), undefined)
  t.match(notes.splice(0), [`${refused}lo: `], 'it is down')
  ip('link set lo up')
  const device = open({ devices: [BESIDE] })
  t.match(device, { name: 'lo' })
  t.equal(open({ devices: [BESIDE] }), undefined)
  t.match(notes.splice(0), [`${refused}a second director on lo`], 'another director has it')
  device?.close()
  const next = open({ devices: [BESIDE] })
  t.ok(next, 'which has ended')
  next?.close()

  t.equal(open({ devices: [{ kind: 'raw', name: 'eth0' }] }), undefined, 'no interface is shared with the kernel')
  const worker = { index: 0, of: 2, counts: new SharedArrayBuffer(0), reopening: new SharedArrayBuffer(0) }
  t.equal(open({ devices: [BESIDE], worker }), undefined, 'of several workers')
  t.strictSame(notes, [], 'neither is worth a line')
})
