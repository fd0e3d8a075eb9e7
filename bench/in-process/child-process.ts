import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Figures, Group, Plan } from './measure.js'

export type FromChild = { figures: Figures } | { failed: string }

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))

/** The process that measures a group. */
export class GroupProcess {
  readonly #child: ChildProcess
  #answer: (message: FromChild) => void = () => {}

  constructor(plan: Plan, group: Group) {
    this.#child = fork(CHILD, [JSON.stringify({ plan, name: group.name })], { execArgv: ['--expose-gc'] })
    this.#child.on('message', message => this.#answer(message as FromChild))
    this.#child.on('exit', (code, signal) => this.#answer({ failed: `its process ended with ${signal ?? code}` }))
  }

  async ask(name: string): Promise<Figures> {
    const answer = await new Promise<FromChild>(resolve => {
      this.#answer = resolve
      this.#child.send(name)
    })
    if ('failed' in answer) throw new Error(`${name}: ${answer.failed}`)
    return answer.figures
  }

  /** Ends the process at once, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
  end(): void {
    this.#child.disconnect()
  }
}
