import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** A mode's drawing from topology.txt; empty if the installation lacks that file. */
export function topology(mode: LabMode | 'beside' | 'ha' | 'fleet'): string {
  try {
    const sections = readFileSync(ours('../netns-lab/topology.txt'), 'utf8').split('\n\n')
    return sections.find(section => section.startsWith(`# ${mode}\n`))?.replace(/^.*\n/, '') ?? ''
  } catch {
    return ''
  }
}
