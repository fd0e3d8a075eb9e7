import { BATCH_MAX, isRuleChange, type Control, type Outcome, type RuleChange } from '../../control/protocol/api.js'
import { ask, refusalText, type RefusalTexts } from './ask.js'
import { type Command, checkOptions, isChange } from './command.js'
import { commands } from './commands/commands.js'
import { RefusedByDirector, tryHelp, CommandLineError } from './failure.js'
import type { Names } from './options/names.js'
import { readArguments } from './options/read-arguments.js'
import { restore } from './commands/restore.js'

/* As ipvsadm -R (tried on the real one):
 * 1. words are separated by blanks, tabs and CRs; lines without words are skipped; a leading `ipvsadm` is dropped
 * 2. every command of ipvsadm is carried out, listings too; -h and -v end the input, with status 0
 * 3. refusals of the director, and options unknown to popt, are reported, and the next line follows
 * 4. any other mistake ends the input with its status; earlier lines stay done
 * 5. the status is the last line's
 * Rules go to the director in batches, which end with the input that has come. */

/** The most characters of a line. */
const LINE_MAX = 4096
/** The most characters of a batch's lines: the control socket limits the length of a line. */
const BATCH_LENGTH = 16_000

/** Carries out lines of text that come in pieces of any size. */
export async function restoreLines(
  input: AsyncIterable<string | Buffer> | Iterable<string>,
  control: Control,
  names: Names,
): Promise<Outcome> {
  const restoring = new Restoring(control, names)
  let line = ''
  try {
    for await (const piece of input) {
      const [first = '', ...lines] = String(piece).split('\n')
      line += first
      if (line.length > LINE_MAX && lines.length === 0) throw tooLong()
      for (const next of lines) {
        await restoring.line(line)
        line = next
      }
      await restoring.flush()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') return restoring.end(error)
  }
  try {
    await restoring.line(line)
    await restoring.flush()
    return restoring.outcome
  } catch (error) {
    return restoring.end(error)
  }
}

function tooLong(): CommandLineError {
  return new CommandLineError(`a line is longer than ${LINE_MAX} characters`)
}

/** -h or -v: ends the input. */
class Ended extends Error {}

interface Waiting {
  request: RuleChange
  refusals: RefusalTexts
}

/** Carries out the lines of one input, one after another. */
export class Restoring {
  readonly outcome: Outcome = { status: 0, out: '', err: '' }
  readonly #control: Control
  readonly #names: Names
  #waiting: Waiting[] = []
  #length = 0

  constructor(control: Control, names: Names) {
    this.#control = control
    this.#names = names
  }

  /** Throws an error that ends the input. */
  async line(text: string): Promise<void> {
    if (text.length > LINE_MAX) {
      await this.flush()
      throw tooLong()
    }
    if ((this.#length += text.length) > BATCH_LENGTH) await this.flush()
    const words = text.split(/[ \t\r]+/).filter(word => word !== '')
    while (words[0] === 'ipvsadm' || words[0] === 'uvsadm') words.shift()
    if (words.length === 0) return
    try {
      const { command, options } = await readArguments(words, commands, this.#names)
      if (command === restore) tryHelp()
      checkOptions(command, options)
      await this.#carryOut(command, command.parse(options))
    } catch (error) {
      await this.flush()
      if (!goesOn(error)) throw error
      this.#say(error.status, error.message)
    }
  }
  /** Sends the waiting rules. */
  async flush(): Promise<void> {
    const waiting = this.#waiting
    this.#length = 0
    if (waiting.length === 0) return
    this.#waiting = []
    const requests = waiting.map(({ request }) => request)
    const replies = await ask(this.#control, { op: 'batch', requests }, {})
    for (const [i, reply] of replies.entries()) {
      if (reply.ok) this.outcome.status = 0
      else this.#say(255, refusalText(reply, waiting[i]?.refusals ?? {}))
    }
  }
  /** The error that ended the input decides the status. */
  end(error: unknown): Outcome {
    if (error instanceof Ended) this.outcome.status = 0
    else if (error instanceof CommandLineError || error instanceof RefusedByDirector)
      this.#say(error.status, error.message)
    else throw error
    return this.outcome
  }

  async #carryOut(command: Command, args: unknown): Promise<void> {
    if (isChange(command) && isRuleChange(args as RuleChange)) {
      const count = this.#waiting.push({ request: args as RuleChange, refusals: command.refusals })
      if (count === BATCH_MAX) await this.flush()
      return
    }
    await this.flush()
    const output = await command.run(this.#control, args, this.#names)
    for await (const piece of typeof output === 'string' ? [output] : output) this.outcome.out += piece
    this.outcome.status = 0
    if (command.immediate) throw new Ended()
  }
  #say(status: number, message: string): void {
    this.outcome.status = status
    this.outcome.err += `${message}\n`
  }
}

/** A listing of a service that does not exist ends the input with status 1. */
function goesOn(error: unknown): error is CommandLineError | RefusedByDirector {
  return (
    (error instanceof RefusedByDirector && error.status === 255) ||
    (error instanceof CommandLineError && error.isOfPopt)
  )
}
