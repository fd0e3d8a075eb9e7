import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const PROGRAM = fileURLToPath(new URL('listening-program.js', import.meta.url))

/** A process that accepts connections on ports of 127.0.0.1 and closes them when the other side does. */
export async function listener(
  t: Test,
  ports: number,
  backlog = 1024,
): Promise<{ process: ChildProcess; ports: number[] }> {
  const child = fork(PROGRAM, [String(ports), String(backlog)])
  t.teardown(() => void child.kill('SIGKILL'))
  const [found] = (await once(child, 'message')) as [number[]]
  return { process: child, ports: found }
}

/** A port of 127.0.0.1 whose backlog is full, as its process is stopped: SYNs to it get no answer. */
export async function fullPort(t: Test): Promise<number> {
  const {
    process,
    ports: [port],
  } = await listener(t, 1, 1)
  process.kill('SIGSTOP')
  const fillers = Array.from({ length: 8 }, () => connect(port!, '127.0.0.1').on('error', () => {}))
  const open = (): number => fillers.filter(({ readyState }) => readyState === 'open').length
  t.teardown(() => fillers.forEach(socket => socket.destroy()))
  // Of a backlog of 1 the kernel makes room for two.
  for (let i = 0; i < 3000 && open() < 2; i++) await new Promise(resolve => setTimeout(resolve, 10))
  await new Promise(resolve => setTimeout(resolve, 200))
  return port!
}
