import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectControl } from '../../src/control/socket/client.js'
import { ours } from '../../netns-lab/tools.js'

/** Takes what the load sends, and what nobody sends. */
const TAKES = 'tcp dst port 80'
const TAKES_NOTHING = 'udp port 9'
const COUNT = 10
/** As often as uvs explain asks in the end. */
const ASK_MS = 400

/** What is done with a director while it carries a load. */
export interface Watching {
  name: string
  title: string
  /** Does it once; `control` is the director's socket. Resolves when it is over. */
  begin(control: string): Watched
}
export interface Watched {
  /** The load is over: has what goes on end, if it does not by itself. Whether all that it waited for had come. */
  end(): Promise<boolean>
}

export const watchings: readonly Watching[] = [
  { name: 'nobody', title: 'nobody watches', begin: () => ({ end: async () => true }) },
  {
    name: 'node',
    title: 'a start of Node that does nothing',
    begin: () => program(['-e', '0']),
  },
  {
    name: 'standing',
    title: `a watch all the time, '${TAKES_NOTHING}'`,
    begin: path => standing(path),
  },
  {
    name: 'client',
    title: `a watch of ${COUNT} packets, '${TAKES}', by a client that runs already`,
    begin: path => byClient(path),
  },
  {
    name: 'explain',
    title: `uvs explain --count ${COUNT} '${TAKES}'`,
    begin: path =>
      program([
        ours('src/cli/uvs/main.js'),
        'explain',
        '--count',
        String(COUNT),
        '--wait',
        '1',
        '--control',
        path,
        TAKES,
      ]),
  },
]

/** The status is 0 if all packets came. */
function program(args: readonly string[]): Watched {
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const closed = new Promise<number | null>(resolve => child.once('close', resolve))
  return { end: async () => (await closed) === 0 }
}

function byClient(path: string): Watched {
  let isLoaded = true
  const done = watchOnce(path, () => isLoaded)
  return {
    end() {
      isLoaded = false
      return done
    },
  }
}
async function watchOnce(path: string, isLoaded: () => boolean): Promise<boolean> {
  const control = connectControl(path)
  try {
    await control.call({ op: 'watch', filter: TAKES, count: COUNT })
    for (;;) {
      const reply = await control.call({ op: 'watched' })
      if (!reply.ok) throw new Error(reply.message)
      if (reply.value.isOver || !isLoaded()) return reply.value.isOver
      await sleep(ASK_MS)
    }
  } finally {
    await control.call({ op: 'unwatch' })
    control.close()
  }
}

function standing(path: string): Watched {
  const control = connectControl(path)
  void control.call({ op: 'watch', filter: TAKES_NOTHING, count: 1 })
  const asks = setInterval(() => void control.call({ op: 'watched' }), ASK_MS)
  return {
    async end() {
      clearInterval(asks)
      const reply = await control.call({ op: 'unwatch' })
      control.close()
      return reply.ok
    },
  }
}
