import { closeSync, openSync } from 'node:fs'
import t from 'tap'
import { capturedFlows } from '../../../native-free/simulate/flows-moved-capture.js'
import { CaptureReader } from '../../../src/capture/capture-reader.js'
import { captureFile, pcap } from '../../support/capture-files.js'
import { tcp4 } from '../../support/frames.js'

/** 100 flows from as many ports, each twice. */
const FRAMES = Array.from({ length: 200 }, (_, i) => ({
  seconds: i,
  fraction: 0,
  frame: tcp4(`10.0.0.7:${1000 + (i >> 1)} > 10.0.0.100:80`, { flags: i % 2 === 0 ? 'S' : 'A' }),
}))

t.test('of a capture each flow once, so many at most, and no more others than fit beside them', async t => {
  const file = captureFile(t, pcap(FRAMES))
  const read = (isForService: (port: number) => boolean, most: number) => {
    const fd = openSync(file, 'r')
    try {
      let told = 0
      const found = capturedFlows(
        new CaptureReader(fd),
        ({ srcPort }) => isForService(srcPort),
        most,
        () => told++,
      )
      t.equal(told, found.frames, 'it is told of each frame')
      return [found.flows.length, found.others, found.isCut]
    } finally {
      closeSync(fd)
    }
  }
  t.strictSame(
    read(() => true, 100),
    [100, 0, false],
  )
  t.strictSame(
    read(() => true, 99),
    [99, 0, true],
  )
  t.strictSame(
    read(port => port < 1010, 25),
    [10, 90, false],
    'four times as many are remembered',
  )
  t.strictSame(
    read(port => port < 1010, 24),
    [10, 86, true],
  )
})
