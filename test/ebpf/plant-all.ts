/*
 * node dist/test/ebpf/plant-all.js: plants each alteration of one instruction of the flow program, and says which nothing notices
 * that is not known to be equivalent (equivalent-mutants.ts), and which of those are noticed. As root; it takes half an hour of a quiet machine. By itself it
 * plants some at a time, FROM to UPTO, in a process that is killed where it takes too long.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ownNetwork } from '../linux/own-network.js'
import { Plants } from './plants.js'

const FRAMES = 30_000
const A_TIME = 100
/** Of what noticed it, so many letters. */
const WORDS = 80
const LIMIT_MS = 900_000
const END = 'no more'
const [from, upto] = process.argv.slice(2).map(Number)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Plants some; prints what is not as it is known to be. */
function plant(first: number, end: number): void {
  const plants = new Plants(FRAMES)
  const all = plants.plants
  for (let i = first; i < Math.min(end, all.length); i++) {
    const { name, equivalent } = all[i]!
    const why = plants.noticed(i)
    if (why === undefined && equivalent === undefined) print(`not noticed: ${name}`)
    if (why !== undefined && equivalent !== undefined)
      print(`noticed, though ${equivalent}: ${name}: ${why.slice(0, WORDS)}`)
  }
  if (end >= all.length) print(END)
  plants.close()
}

function plantAll(): boolean {
  let isWell = true
  for (let first = 0; ; first += A_TIME) {
    const words = [fileURLToPath(import.meta.url), String(first), String(first + A_TIME)]
    const { stdout, stderr, status, signal } = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    const lines = stdout.split('\n').filter(line => line !== '' && line !== END)
    for (const line of lines) print(line)
    if (lines.length > 0) isWell = false
    if (status !== 0) {
      print(`${first} to ${first + A_TIME}: ${signal ?? stderr}`)
      return false
    }
    if (stdout.includes(`${END}\n`)) return isWell
  }
}

const why = ownNetwork()
if (why !== false) {
  process.stderr.write(`plant-all: ${why}\n`)
  process.exitCode = 2
} else if (from !== undefined && upto !== undefined) plant(from, upto)
else process.exitCode = plantAll() ? 0 : 1
