/* A thread that sends the same frame by an interface until it is told to stop. */
import { workerData } from 'node:worker_threads'
import { mapMemory } from '../../src/linux/libc.js'
import { RawDevice } from '../../src/io/raw-device.js'

const { name, frame, state } = workerData as { name: string; frame: Uint8Array; state: Int32Array }
const device = new RawDevice(name)
const memory = mapMemory(4096)
memory.bytes.set(frame, 10)
/** 0, then 1 as soon as frames have been sent; 2 asks to stop. */
while (Atomics.load(state, 0) !== 2) {
  for (let i = 0; i < 16; i++) device.transmit(memory, 10, frame.length)
  device.flush()
  Atomics.compareExchange(state, 0, 0, 1)
  Atomics.notify(state, 0)
}
device.close()
