import { accessSync, constants, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabMode } from '../native-free/lab-plan.js'

/** The path of a program on PATH, or in the administrators' folders that a plain user's PATH may lack. */
export function which(program: string): string | undefined {
  const dirs = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  return dirs
    .filter(Boolean)
    .map(dir => join(dir, program))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of a compiled file of ours, given relative to dist/. */
export function ours(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** Our programs, by their names. */
const PROGRAMS: Readonly<Record<string, string>> = {
  uvs: 'src/cli/uvs/main.js',
  uvsadm: 'src/cli/uvsadm/main.js',
  'uvsadm-save': 'src/cli/uvsadm/save-main.js',
  'uvsadm-restore': 'src/cli/uvsadm/restore-main.js',
}

/** A command with our program of its name, which in a checkout is on no PATH. */
export function withOurs([program = '', ...words]: readonly string[]): string[] {
  return Object.hasOwn(PROGRAMS, program) ? [process.execPath, ours(PROGRAMS[program]!), ...words] : [program, ...words]
}

/** How `uvs` is called here: by its name where that is on PATH, else by its file. */
export function uvsCommand(): string {
  if (which('uvs') !== undefined) return 'uvs'
  const file = ours(PROGRAMS['uvs']!)
  const near = relative(process.cwd(), file)
  return `node ${near.startsWith('..') ? file : near}`
}

/** A mode's drawing from topology.txt; empty if the installation lacks that file. */
export function topology(mode: LabMode | 'beside' | 'ha' | 'fleet'): string {
  try {
    const sections = readFileSync(ours('../netns-lab/topology.txt'), 'utf8').split('\n\n')
    return sections.find(section => section.startsWith(`# ${mode}\n`))?.replace(/^.*\n/, '') ?? ''
  } catch {
    return ''
  }
}
