/* A worker thread with its own director: runs for the requested time, and returns how many packets it handled. */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedCounts } from '../../src/service/shared-counts.js'
import { NAT } from './modes.js'
import { opening } from './new-connection.js'
import { setPlainPages } from './pages.js'
import { BATCH, openScene } from './scene.js'
import { Walk } from './walk.js'
import type { Ran, WorkerShare } from './workers.js'

const WARM_UP_MS = 500

const { count, index, of, plainPages, scheduler, counts } = workerData as WorkerShare
setPlainPages(plainPages)
const walk = scheduler === undefined ? walking() : openingBy(scheduler)

parentPort!.on('message', (ms: number) => parentPort!.postMessage(run(ms)))
parentPort!.postMessage(run(WARM_UP_MS))

function walking(): { run(): void } {
  const scene = openScene(NAT, count, { clientOf: i => i * of + index })
  return new Walk(scene, scene.inbound, 0, BATCH)
}
function openingBy(name: string): { run(): void } {
  return opening(NAT, name, counts && { index, of, counts: new SharedCounts(counts) })
}

function run(ms: number): Ran {
  const began = performance.now()
  let packets = 0
  let now = began
  for (; now < began + ms; now = performance.now()) {
    walk.run()
    packets += BATCH
  }
  return { packets, ms: now - began }
}
