import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

/* Imports point down, types too, and in no circle: what a packet meets first knows nothing of what it meets later. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What each layer may import directly; what those may import comes with it. */
const BELOW: Record<string, string[]> = {
  wire: [],
  // Which frames are meant, in the language of pcap-filter(7).
  filter: ['wire'],
  packet: ['wire'],
  // Capture files: pcap, pcapng.
  capture: ['wire'],
  linux: ['packet'],
  ebpf: ['linux'],
  io: ['ebpf'],
  neigh: ['packet'],
  service: ['packet'],
  conn: ['packet', 'service'],
  sched: ['packet', 'service'],
  forward: ['conn', 'neigh'],
  director: ['sched', 'forward'],
  'control/protocol': [],
  'control/operations': ['control/protocol', 'director', 'filter'],
  // The director in threads, on devices.
  plane: ['control/operations', 'io'],
  'control/rules': ['plane'],
  // VIPs that stand on an interface for a BGP daemon to see.
  announce: ['linux', 'control/protocol'],
  'control/socket': ['control/protocol'],
  'control/metrics': ['control/operations', 'package-version'],
  'control/dashboard': ['control/metrics', 'control/rules'],
  realserver: ['io'],
  // keepalived.conf, read: pure, a reader of files is handed in.
  'keepalived/config': ['wire'],
  // Virtual routers as a pure machine: no socket, timer or clock.
  'keepalived/vrrp': ['keepalived/config'],
  // Them spoken beside the kernel.
  'keepalived/vrrp-host': ['keepalived/vrrp', 'linux'],
  // Scripts of a configuration: notifications and checks.
  'keepalived/scripts': ['linux'],
  // How many processes of a kind there are.
  'keepalived/processes': [],
  'keepalived/checkers': ['keepalived/scripts', 'keepalived/config'],
  // Which check is due when, and what its result does to the rules.
  'keepalived/health': ['keepalived/checkers'],
  // Mails of transitions.
  'keepalived/mail': ['keepalived/checkers'],
  // What it does to a director's rules.
  'keepalived/rules': ['keepalived/health', 'control/protocol'],
  // What is shown of all that.
  'keepalived/seen': ['keepalived/rules', 'keepalived/vrrp'],
  'native-free': ['control/operations', 'capture', 'keepalived/rules', 'keepalived/vrrp'],
  // What the two commands have in common: files right under src/cli.
  cli: ['control/protocol', 'package-version'],
  'cli/uvsadm': ['cli', 'control/socket'],
  // `uvs lint`: hazards in rules.
  'cli/lint': ['control/operations', 'cli/uvsadm'],
  // `uvs lab` runs the labs, which are programs of their own beside src.
  'cli/uvs': [
    'control/rules',
    'control/dashboard',
    'fleet',
    'keepalived/config',
    'keepalived/rules',
    'keepalived/mail',
    'keepalived/vrrp-host',
    'keepalived/seen',
    'keepalived/processes',
    'announce',
    'realserver',
    'cli/lint',
    'native-free',
    'netns-lab',
  ],
  // What the package exports besides src/index.ts, which may import anything: docs/library.md.
  library: ['cli/uvs'],
  // The dashboard in the browser: of ours it takes types, and the advice on verdicts.
  web: ['control/protocol'],
  // Linux with IPVS as a process, to compare with.
  'netns-lab/uml': ['linux', 'control/protocol'],
  'netns-lab': ['plane', 'native-free', 'control/socket'],
  'bench/in-process': ['plane', 'native-free', 'netns-lab'],
  'bench/checksum': ['bench/in-process'],
  'bench/wire': ['plane', 'etcd', 'netns-lab', 'netns-lab/uml'],
  'bench/dashboard': ['bench/wire'],
  index: [],
  // Its number, for whoever says it.
  'package-version': [],
  // For programs on real servers: imports nothing of ours.
  'client-address': [],
  // etcd, by its JSON gateway.
  etcd: [],
  // Rules that several directors share, in etcd.
  fleet: ['etcd', 'control/protocol'],
}

/** Files of another layer that one may import besides. */
const FILES_BESIDE: Record<string, string[]> = {
  'control/socket': ['src/linux/error-text.ts', 'src/linux/own-file.ts'],
  'control/metrics': ['src/linux/error-text.ts'],
  cli: ['src/linux/error-text.ts'],
  web: [
    'src/cli/uvs/explain/advice.ts',
    'src/cli/uvs/explain/offload-text.ts',
    'src/cli/uvs/seen/why-here.ts',
    'test/web/browser.ts',
    // Its tests compare names: the form's schedulers, verdicts and sysctls of advice.
    'src/sched/index.ts',
    'src/packet/verdict.ts',
    'src/service/sysctls.ts',
    'src/control/dashboard/settings.ts',
    'src/control/dashboard/rules-work.ts',
    'src/control/dashboard/fleet.ts',
  ],
  'cli/uvsadm': ['src/linux/error-text.ts', 'src/wire/ipv6-addr.ts'],
}

/** Path from the project's root → text. */
type Sources = Map<string, string>

/**
 * 'src/conn/table.ts' → 'conn', 'src/cli/uvs/drain/drain.ts' → 'cli/uvs', 'native-free/switch.ts' → 'native-free': the folder, or
 * the next one above it that is a layer.
 */
function layerOf(path: string): string {
  if (/^src\/[^/]+$/.test(path)) return posix.basename(path, '.ts')
  const folder = posix.dirname(path).replace(/^src\//, '')
  let layer = folder
  while (!(layer in BELOW) && layer !== '.') layer = posix.dirname(layer)
  return layer === '.' ? folder : layer
}

function allBelow(layer: string): Set<string> {
  const below = new Set<string>()
  for (const next of BELOW[layer] ?? []) for (const name of [next, ...allBelow(next)]) below.add(name)
  return below
}

/** What a file imports, types and dynamic imports too: ours as paths from the root, others' by name. */
function importsOf(path: string, text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    return fileName.startsWith('.') ? posix.join(posix.dirname(path), fileName).replace(/\.js$/, '.ts') : fileName
  })
}

function isOurs(path: string): boolean {
  return /^(src|native-free|netns-lab|test|bench)\//.test(path)
}

/** A line for each import that does not point down. */
function violations(sources: Sources): string[] {
  const lines: string[] = []
  for (const [path, text] of sources) {
    const layer = layerOf(path)
    if (!(layer in BELOW)) lines.push(`${path} is in no layer that this test knows`)
    if (layer === 'index') continue
    const allowed = allBelow(layer).add(layer)
    for (const imported of importsOf(path, text).filter(isOurs)) {
      const beside = FILES_BESIDE[layer]?.includes(imported)
      if (!allowed.has(layerOf(imported)) && !beside) lines.push(`${path} imports ${imported}`)
    }
  }
  return lines
}

/** A line for each file of native-free that needs koffi, by whatever way: uvs is to be of use where it cannot load. */
function needsKoffi(sources: Sources): string[] {
  return [...sources.keys()]
    .filter(path => layerOf(path) === 'native-free')
    .map(path => wayToKoffi(sources, [path], new Set([path])))
    .filter(way => way.length > 0)
    .map(way => way.join(' → '))
}

function wayToKoffi(sources: Sources, way: string[], seen: Set<string>): string[] {
  const path = way.at(-1)!
  for (const imported of importsOf(path, sources.get(path) ?? '')) {
    if (imported === 'koffi') return [...way, imported]
    if (!isOurs(imported) || seen.has(imported)) continue
    seen.add(imported)
    const found = wayToKoffi(sources, [...way, imported], seen)
    if (found.length > 0) return found
  }
  return []
}

/** The ways back to where they began, one for each import that closes one. */
function circles(sources: Sources): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (way: string[]): void => {
    const path = way.at(-1)!
    for (const imported of importsOf(path, sources.get(path)!)) {
      const at = way.indexOf(imported)
      if (at >= 0) found.push([...way.slice(at), imported].join(' → '))
      else if (sources.has(imported) && !done.has(imported)) visit([...way, imported])
    }
    done.add(path)
  }
  for (const path of sources.keys()) if (!done.has(path)) visit([path])
  return found
}

const PROGRAMS = ['src', 'native-free', 'netns-lab', 'bench']

function projectSources(dirs: readonly string[] = PROGRAMS): Sources {
  const sources: Sources = new Map()
  for (const dir of dirs) {
    for (const name of readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' }).sort()) {
      const path = posix.join(dir, name.replaceAll('\\', '/'))
      if (/\.tsx?$/.test(path)) sources.set(path, readFileSync(join(ROOT, path), 'utf8'))
    }
  }
  return sources
}

t.test('imports point down', async t => {
  const sources = projectSources()
  t.ok(sources.size > 20, `${sources.size} sources were read`)
  t.strictSame(violations(sources), [])
})

t.test('native-free needs no koffi', async t => {
  t.strictSame(needsKoffi(projectSources()), [])
})

t.test('imports make no circle, within folders neither', async t => {
  t.strictSame(circles(projectSources([...PROGRAMS, 'test'])), [])
})

t.test('a circle of imports is found', async t => {
  const sources = new Map([
    ['src/conn/table.ts', "import { record } from './record.js'"],
    ['src/conn/record.ts', "import { wheel } from './wheel.js'\nimport { u16 } from '../wire/view.js'"],
    ['src/conn/wheel.ts', "import type { Record } from './record.js'\nconst own = await import('./wheel.js')"],
    ['src/wire/view.ts', ''],
    ['src/conn/one.ts', "import { record } from './record.js'\nimport './table.js'"],
  ])
  t.strictSame(circles(sources), [
    'src/conn/record.ts → src/conn/wheel.ts → src/conn/record.ts',
    'src/conn/wheel.ts → src/conn/wheel.ts',
  ])
})

t.test('an import that points up is found', async t => {
  const planted: [string, string, string][] = [
    ['src/wire/ipv4.ts', "import { parse } from '../packet/parse.js'", 'src/packet/parse.ts'],
    ['src/wire/ipv4.ts', "import type { Link } from '../packet/link.js'", 'src/packet/link.ts'],
    ['src/service/service.ts', "import type { Scheduler } from '../sched/scheduler.js'", 'src/sched/scheduler.ts'],
    ['src/conn/table.ts', "export * from '../sched/rr.js'", 'src/sched/rr.ts'],
    ['src/neigh/arp.ts', "import '../io/tap-device.js'", 'src/io/tap-device.ts'],
    ['src/forward/nat.ts', "const rr = await import('../sched/rr.js')", 'src/sched/rr.ts'],
    [
      'src/director/director.ts',
      "let api: import('../control/protocol/api.js').Control",
      'src/control/protocol/api.ts',
    ],
    ['src/control/socket/server.ts', "import { main } from '../../cli/uvs/main.js'", 'src/cli/uvs/main.ts'],
    [
      'src/cli/uvsadm/main.ts',
      "import { execute } from '../../control/operations/execute.js'",
      'src/control/operations/execute.ts',
    ],
    ['src/cli/uvsadm/main.ts', "import { main } from '../uvs/main.js'", 'src/cli/uvs/main.ts'],
    ['native-free/switch.ts', "import { main } from '../src/cli/uvs/main.js'", 'src/cli/uvs/main.ts'],
    ['src/packet/frame.ts', "import { tcp4 } from '../../test/support/frames.js'", 'test/support/frames.ts'],
  ]
  for (const [path, text, imported] of planted) {
    t.strictSame(violations(new Map([[path, text]])), [`${path} imports ${imported}`], text)
  }
  t.strictSame(violations(new Map([['src/util/misc.ts', '']])), [
    'src/util/misc.ts is in no layer that this test knows',
  ])
})

t.test('an import that points down, or beside as agreed, is not', async t => {
  const good: [string, string][] = [
    ['src/sched/rr.ts', "import type { Service } from '../service/service.js'"],
    ['src/director/director.ts', "import { u16 } from '../wire/view.js'"],
    ['src/cli/uvsadm/main.ts', "import { connect } from '../../control/socket/client.js'"],
    ['src/cli/uvs/main.ts', "import { parse } from '../uvsadm/parse.js'"],
    ['native-free/switch.ts', "import { readFile } from 'node:fs'\nimport { tcp } from '../src/wire/tcp.js'"],
    ['src/index.ts', "export * from './cli/uvs/main.js'"],
    ['src/wire/tcp.ts', "// import '../packet/parse.js'\nconst text = \"import '../packet/parse.js'\""],
  ]
  for (const [path, text] of good) t.strictSame(violations(new Map([[path, text]])), [], text)
})

t.test('koffi is found at the end of a long way', async t => {
  const sources = new Map([
    ['native-free/lab.ts', "import { loop } from './loop.js'"],
    ['native-free/loop.ts', "import { lab } from './lab.js'\nimport { tap } from '../src/io/tap.js'"],
    ['src/io/tap.ts', "import { libc } from './libc.js'"],
    ['src/io/libc.ts', "import koffi from 'koffi'"],
  ])
  t.match(needsKoffi(sources), [
    'native-free/lab.ts → native-free/loop.ts → src/io/tap.ts → src/io/libc.ts → koffi',
    /loop/,
  ])
})
