import { armsOf, directorAddresses, type LabPlan } from '../native-free/lab-plan.js'
import { conservation, conservationLine } from '../src/control/protocol/conservation.js'
import { connectControl } from '../src/control/socket/client.js'
import type { Namespaces } from './namespaces.js'
import { type Ended, identify, isAlive, type ProcessId, run, until } from './proc.js'
import { ours } from './tools.js'

/** To start takes so long at most, ms: a machine may be busy with much else. */
const START_MS = 30_000
/** For its figures, at the end. */
const FIGURES_MS = 2000

export interface Where {
  /** The namespace. */
  space: string
  /** The control socket that the arguments name. */
  control: string
  /** It must be ready within. */
  limitMs?: number
}

/** A running `uvs director`. */
export class DirectorProcess {
  private constructor(
    readonly id: ProcessId,
    /** Waits for its end: the exit status, null after a signal. */
    readonly ended: () => Promise<number | null>,
    /** Its control socket. */
    readonly control: string,
  ) {}

  /** The arguments, as typed after `uvs`. */
  static arguments(plan: LabPlan, io: 'raw' | 'tap' | 'libpcap', control: string): string[] {
    const links = armsOf(plan)
      .map(({ link }) => link)
      .join(',')
    const addresses = directorAddresses(plan).flatMap(address => ['--address', address])
    const routes = plan.routes.flatMap(route => ['--route', route])
    return ['director', `--${io}`, links, ...(plan.beside ? [] : [...addresses, ...routes]), '--control', control]
  }

  /** Starts it in the director's namespace, with `more` options; resolves when frames flow. */
  static start(
    spaces: Namespaces,
    plan: LabPlan,
    io: 'raw' | 'tap' | 'libpcap',
    more: readonly string[] = [],
  ): Promise<DirectorProcess> {
    const { control } = spaces.ledger
    return DirectorProcess.startWith(spaces, [...DirectorProcess.arguments(plan, io, control), ...more], {
      space: 'director',
      control,
    })
  }

  /** Starts it in a namespace, with these arguments after `uvs`. Its log has the namespace's name. */
  static async startWith(spaces: Namespaces, uvsArguments: readonly string[], where: Where): Promise<DirectorProcess> {
    const { space, control, limitMs = START_MS } = where
    const args = [ours('src/cli/uvs/main.js'), ...uvsArguments]
    // The file may hold an earlier director's output. This one's may be there before we come to read it.
    const written = spaces.logged(space).length
    const { pid, ended } = spaces.start(space, space, process.execPath, args)
    const id = identify(pid)
    const said = (): string => spaces.logged(space).slice(written)
    await until(() => said().includes('uvs director: ready') || !id || !isAlive(id), limitMs, spaces.signal)
    if (!id || !said().includes('uvs director: ready')) {
      throw new Error(`uvs director did not become ready: ${said().trim() || 'it said nothing'}`)
    }
    return new DirectorProcess(id, ended, control)
  }

  /** What it says of the frames that came in if they do not add up; undefined: they do, or it does not answer. */
  async uncounted(): Promise<string | undefined> {
    if (!isAlive(this.id)) return undefined
    const control = connectControl(this.control, { ms: FIGURES_MS })
    try {
      const reply = await control.call({ op: 'figures' })
      const sums = reply.ok ? conservation(reply.value) : undefined
      return sums && sums.missing !== 0 ? conservationLine(sums) : undefined
    } catch {
      return undefined // killed, stopped, or of another namespace
    } finally {
      control.close()
    }
  }

  /** Runs `uvsadm ARGS` on it. */
  admin(args: readonly string[], signal?: AbortSignal): Promise<Ended> {
    return run(process.execPath, [ours('src/cli/uvsadm/main.js'), ...args, '--control', this.control], { signal })
  }
}
