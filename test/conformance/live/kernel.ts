import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DATAGRAM, Socket } from '../../../netns-lab/uml/sockets.js'
import { UmlKernel, type UmlOptions, whyNoUml } from '../../../netns-lab/uml/uml-kernel.js'
import type { Outcome } from '../../../src/control/protocol/api.js'

/** Seen from dist/test/conformance/live. */
const SCRIPTS = fileURLToPath(new URL('../../../../test/conformance/uml', import.meta.url))

/** Takes half a second. */
const RESET_MS = 15_000

/** One line, or nothing if the real kernel can be run here. It needs no root. */
export function whyNoKernel(): string | undefined {
  return whyNoUml(['iptables-legacy', 'rmmod'])
}

/**
 * Linux 6.1 with IPVS as a process, its two Ethernet interfaces and its console at the ends of socket pairs: no root, no
 * namespace.
 */
export class Kernel {
  /** Its console and its control socket; gone when it is down. */
  readonly dir = mkdtempSync(join(tmpdir(), 'uvs-live-'))
  #machine: UmlKernel | undefined
  #wires: Socket[] = []
  #isTrusted = true

  /** Up, with the addresses and neighbours of every recording. */
  static boot(): Kernel {
    const kernel = new Kernel()
    try {
      kernel.#boot()
      return kernel
    } catch (error) {
      kernel.down()
      throw error
    }
  }

  /** The clients' side: one frame a datagram. */
  get c(): Socket {
    return this.#wires[0]!
  }

  /** The real servers'. */
  get r(): Socket {
    return this.#wires[1]!
  }

  /**
   * Forgets everything that a scenario has left; by booting again where modules cannot be loaded anew. It happens that
   * the kernel waits for the last connection for ever.
   */
  reset(): void {
    const script = readFileSync(join(SCRIPTS, 'reset'), 'utf8')
    if (!this.#isTrusted || !this.#forgets(script)) {
      this.#stop()
      this.#boot()
      this.mustRun(script)
    }
    this.#isTrusted = true
  }

  /** It has not done what it should: the next reset boots it again. */
  distrust(): void {
    this.#isTrusted = false
  }

  /** Runs a shell script inside. */
  run(script: string, withinMs?: number): Outcome {
    return this.#machine!.run(script, withinMs)
  }

  mustRun(script: string, withinMs?: number): void {
    this.#machine!.mustRun(script, withinMs)
  }

  down(): void {
    this.#stop()
    rmSync(this.dir, { recursive: true, force: true })
  }

  #forgets(script: string): boolean {
    try {
      this.mustRun(script, RESET_MS)
      return true
    } catch {
      return false
    }
  }

  #boot(): void {
    this.#machine = UmlKernel.boot(() => this.#renewed())
    this.mustRun(readFileSync(join(SCRIPTS, 'network'), 'utf8'))
  }

  /** With wires for this kernel; the last one's go. */
  #renewed(): UmlOptions {
    this.#closeWires()
    this.#wires = [new Socket(DATAGRAM), new Socket(DATAGRAM)]
    const interfaces = ['vec0:transport=fd,fd=4,mac=02:00:00:00:01:01', 'vec1:transport=fd,fd=5,mac=02:00:00:00:02:01']
    return { dir: this.dir, mebibytes: 64, interfaces, wires: this.#wires }
  }

  #stop(): void {
    this.#machine?.down()
    this.#machine = undefined
    this.#closeWires()
  }

  #closeWires(): void {
    for (const socket of this.#wires.splice(0)) socket.close()
  }
}
