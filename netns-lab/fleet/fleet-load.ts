import { putLoad } from '../load-tool.js'
import type { FleetLab } from './fleet-lab.js'
import { DIRECT, PORT } from './fleet-plan.js'
import type { Step } from './fleet-report.js'

/** ab sends so many requests at a time, and again at once. */
const BURST = { requests: 100, concurrency: 5 }

/** ab, or a program in its place, asks again and again until it is ended; then its counts are told. */
export function beginLoad({ spaces }: FleetLab): { end(): Promise<Step['load']> } {
  const { requests, concurrency } = BURST
  const sum = { answered: 0, failed: 0, errors: [] as string[] }
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted && !spaces.signal?.aborted) {
      const asked = putLoad(spaces, 'client', `http://${DIRECT}:${PORT}/`, requests, concurrency)
      // A load that ab gave up throws.
      const { answered, kinds } = await asked.catch((error: Error) => ({ answered: 0, kinds: error.message }))
      sum.answered += answered
      sum.failed += requests - answered
      if (answered < requests) sum.errors.push(`${requests - answered} of ${requests}: ${kinds}`)
    }
  }
  const running = run()
  return {
    async end() {
      stop.abort()
      await running
      return sum
    },
  }
}
