import { closeSync, constants, fstatSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs'
import { cannotWrite } from '../simulate/write-whole.js'

const { O_CREAT, O_WRONLY } = constants

/** A file that an option has written: what is in it stays until `begin`, since what is wrong may be found before. */
export class OutputFile {
  readonly fd: number
  readonly #path: string
  readonly #isNew: boolean
  #isBegun = false

  /** `cannotWrite` if it cannot be opened. */
  constructor(option: string, path: string) {
    this.#path = path
    try {
      this.#isNew = statSync(path, { throwIfNoEntry: false }) === undefined
      this.fd = openSync(path, O_WRONLY | O_CREAT, 0o666)
    } catch (error) {
      throw cannotWrite(option, path, error)
    }
  }

  /** From now on it may be written to. */
  begin(): void {
    this.#isBegun = true
    if (fstatSync(this.fd).isFile()) ftruncateSync(this.fd)
  }
  /** One that was made and never begun goes again. */
  close(): void {
    closeSync(this.fd)
    if (this.#isNew && !this.#isBegun) rmSync(this.#path, { force: true })
  }
}
