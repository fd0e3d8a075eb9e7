import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Reads `+ GROUP` and `- GROUP`, process groups that began and that are over; at the end of its input, which is the end of whoever writes
 * there, it kills those that are left. Only words of the shell itself: it starts no program.
 */
const PROGRAM = `trap '' TERM INT HUP
groups=' '
while read -r sign group; do
  case "$sign$groups" in
    +*) groups="$groups$group " ;;
    *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done`

/**
 * A process beside this one that kills the scripts when this one is gone, kill -9 too: then nobody else would. It begins with the first
 * script, in a session of its own, and ends with this process.
 */
export class ScriptGuard {
  #shell: ChildProcess | undefined

  /** Before a script begins: there is somebody to be told of it. */
  expect(): void {
    this.#shell ??= this.#start()
  }

  /** A script has begun, and leads this process group. */
  began(group: number): void {
    this.#write(`+ ${group}\n`)
  }

  /** It is over, and its group killed. */
  ended(group: number): void {
    this.#write(`- ${group}\n`)
  }

  /** The guard's own process, for tests. */
  get pid(): number | undefined {
    return this.#shell?.pid
  }

  #write(line: string): void {
    this.expect()
    this.#shell!.stdin!.write(line)
  }

  #start(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', PROGRAM, 'uvs-script-guard'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    // Somebody ended it, or there is no shell: the scripts are then bounded by their timeouts alone, until the next one starts another.
    const gone = (): void => void (this.#shell = undefined)
    shell.once('error', gone)
    shell.once('exit', gone)
    shell.stdin.on('error', () => {})
    shell.unref()
    ;(shell.stdin as unknown as { unref(): void }).unref()
    return shell
  }
}

/** One for all scripts of the process. */
export const scriptGuard = new ScriptGuard()
