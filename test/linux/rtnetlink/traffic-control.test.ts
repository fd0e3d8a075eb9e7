import { constants } from 'node:os'
import t from 'tap'
import { loadProgram, ProgramType } from '../../../src/ebpf/bpf.js'
import { assemble, exit, mov, r0 } from '../../../src/ebpf/instructions.js'
import { interfaceInfo } from '../../../src/linux/interface.js'
import { composeMessage } from '../../../src/linux/rtnetlink/compose.js'
import {
  addClsact,
  addFilter,
  ClsactHook,
  deleteClsact,
  deleteFilter,
  filtersAt,
  qdiscAtIngress,
} from '../../../src/linux/rtnetlink/traffic-control.js'
import { hex, unhex } from '../../support/frames.js'
import { ownNetwork, veth } from '../own-network.js'

const { EEXIST, ENODEV, ENOENT, EINVAL } = constants.errno

t.test('a message is a header, a body of words, and attributes that may hold others', async t => {
  const octets = new Uint8Array(128).fill(0xee)
  const length = composeMessage(
    new DataView(octets.buffer),
    36,
    0x605,
    [0, 7],
    [
      [1, Uint8Array.of(0x61, 0x62, 0)],
      [
        2,
        [
          [6, Uint8Array.of(9, 0, 0, 0)],
          [7, Uint8Array.of(0x61)],
        ],
      ],
    ],
  )
  const expected = unhex(
    '34000000 2400 0506 00000000 00000000' +
      '00000000 07000000' +
      '0700 0100 61620000' +
      '1400 0200 0800 0600 09000000 0500 0700 61000000',
  )
  t.equal(hex(octets.slice(0, length)), hex(expected))
})

const skip = ownNetwork()

t.test('a qdisc and filters come, are found, and go', { skip }, async t => {
  veth('va', 'vb')
  const { index: ifindex } = interfaceInfo('va')
  const place = { ifindex, hook: ClsactHook.EGRESS, priority: 3, handle: 0x757673 }
  const program = loadProgram(ProgramType.SCHED_CLS, assemble([mov(r0, -1), exit()]))
  t.equal(qdiscAtIngress(ifindex), undefined)
  t.strictSame(filtersAt(ifindex, ClsactHook.INGRESS), [])
  t.equal(addFilter(place, program, 'early'), EINVAL, 'no filter without a qdisc')

  t.equal(addClsact(ifindex), 0)
  t.equal(addClsact(ifindex), EEXIST)
  t.equal(qdiscAtIngress(ifindex), 'clsact')
  t.equal(qdiscAtIngress(interfaceInfo('vb').index), undefined, 'not the other end’s')

  t.equal(addFilter(place, program, 'a name'), 0)
  t.equal(addFilter(place, program, 'a name'), EEXIST)
  t.equal(addFilter({ ...place, handle: 1 }, program, 'beside'), 0)
  t.strictSame(
    filtersAt(ifindex, ClsactHook.EGRESS).toSorted((one, other) => one.handle - other.handle),
    [
      { ...place, handle: 1, kind: 'bpf', name: 'beside' },
      { ...place, kind: 'bpf', name: 'a name' },
    ],
  )
  t.strictSame(filtersAt(ifindex, ClsactHook.INGRESS), [])

  t.equal(deleteFilter(place), 0)
  t.equal(deleteFilter(place), ENOENT)
  t.equal(filtersAt(ifindex, ClsactHook.EGRESS).length, 1)
  t.equal(deleteClsact(ifindex), 0)
  t.strictSame(filtersAt(ifindex, ClsactHook.EGRESS), [])

  t.equal(addClsact(99_999), ENODEV)
  t.strictSame(filtersAt(99_999, ClsactHook.INGRESS), [])
})
