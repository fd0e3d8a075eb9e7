/* A worker thread with a director of its own: runs for as long as it is told, and answers how many packets that were. */
import { parentPort, workerData } from 'node:worker_threads'
import { NAT } from './modes.js'
import { setPlainPages } from './pages.js'
import { BATCH, openScene } from './scene.js'
import { Walk } from './walk.js'
import type { Ran, WorkerShare } from './workers.js'

const WARM_UP_MS = 500

const { count, index, of, plainPages } = workerData as WorkerShare
setPlainPages(plainPages)
const scene = openScene(NAT, count, { clientOf: i => i * of + index })
const walk = new Walk(scene, scene.inbound, 0, BATCH)

parentPort!.on('message', (ms: number) => parentPort!.postMessage(run(ms)))
parentPort!.postMessage(run(WARM_UP_MS))

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
