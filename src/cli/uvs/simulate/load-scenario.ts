import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LineCounter, parseDocument, type Document } from 'yaml'
import { readScenario } from '../../../../native-free/simulate/scenario/read-scenario.js'
import type { Scenario } from '../../../../native-free/simulate/scenario/scenario.js'
import { ScenarioError, type Path } from '../../../../native-free/simulate/scenario/scenario-error.js'
import { UsageError } from '../../../director/options.js'
import { messageOf, reasonOf } from '../../../linux/error-text.js'
import { readText, Unreadable } from '../../read-text.js'

const LARGEST = 4 * 2 ** 20
const MODULES = ['.js', '.mjs', '.ts', '.mts']
/** Aliases (`*name`) that a document may expand: no bomb of a few lines. */
const MOST_ALIASES = 1000

/** A scenario, and how to say where an error in it is. */
export interface ScenarioSource {
  readonly scenario: Scenario
  placed(error: ScenarioError): string
}

/** Reads a YAML or JSON file, or a module's default export. UsageError in a line: the file, the line, the word. */
export async function loadScenario(file: string): Promise<ScenarioSource> {
  const isModule = MODULES.includes(extname(file))
  const { value, placed } = isModule ? await fromModule(file) : fromYaml(file)
  try {
    return { scenario: readScenario(value), placed }
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(placed(error))
    throw isModule ? new UsageError(`${file}: ${reasonOf(error)}`) : error // a getter of its own threw
  }
}

interface Loaded {
  readonly value: unknown
  placed(error: ScenarioError): string
}

async function fromModule(file: string): Promise<Loaded> {
  let loaded: { default?: unknown }
  try {
    loaded = await settled(import(pathToFileURL(resolve(file)).href) as Promise<typeof loaded>)
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new UsageError(
        `${file}: Node ${process.versions.node} loads no TypeScript: 22.18 and later do, or compile it to ${file.replace(/ts$/, 'js')}`,
      )
    throw new UsageError(`${file}: ${messageOf(error).split('\n')[0]}`)
  }
  if (loaded.default === undefined)
    throw new UsageError(`${file}: it has no default export, which would be the scenario`)
  return { value: loaded.default, placed: error => `${file}: ${error.message}` }
}

/** A module that waits for what never comes leaves nothing to do: then Node would end with nothing said. */
function settled<T>(loading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const ends = (): void => reject(new Error('it waits for something that never comes (await)'))
    process.once('beforeExit', ends)
    loading.then(resolve, reject).finally(() => process.off('beforeExit', ends))
  })
}

function fromYaml(file: string): Loaded {
  const text = textOf(file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [wrong] = document.errors
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0])
    throw new UsageError(`${file}:${line}:${col}: ${inOurWords(wrong)}`)
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
    return { value, placed: error => `${file}:${lineOf(document, lines, error.path)}: ${error.message}` }
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error).split('\n')[0]}`)
  }
}

/** Those of the library that speak to programmers are said to users. */
function inOurWords({ code, message }: { code: string; message: string }): string {
  if (code === 'MULTIPLE_DOCS') return 'another document begins (---): one scenario a file'
  if (message.startsWith('Maximum call stack')) return 'it is nested too deeply'
  return message.split('\n')[0]!
}

function textOf(file: string): string {
  try {
    return readText(file, LARGEST)
  } catch (error) {
    throw error instanceof Unreadable ? new UsageError(error.message) : error
  }
}

/** Of the place itself; if it is not in the file, of what it would be in. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let len = path.length; len > 0; len--) {
    const node = document.getIn(path.slice(0, len), true) as { range?: [number, number, number] | null } | undefined
    if (node?.range) return lines.linePos(node.range[0]).line
  }
  return 1
}
