import { systemNames, type Names } from '../../../src/cli/uvsadm/options/names.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type { Outcome } from '../../../src/control/protocol/api.js'
import { BenchDirector } from '../../support/bench-director.js'
import type { Kernel } from '../live/kernel.js'
import { KernelDown } from '../../../netns-lab/uml/kernel-down.js'
import type { Line } from './generate-lines.js'
import { HOSTS } from './words.js'

/** Comes before each part of what the kernel's side says, and in no line. */
const MARK = '@@uvs@@'

/** Inside the kernel, once: the modules, and names from our list only, since a name server would be waited for. */
export function prepare(kernel: Kernel): void {
  const hosts = Object.entries(HOSTS).map(([address, name]) => `${address} ${name}`)
  kernel.mustRun(`modprobe -d /run/uml -a ip_vs ip_vs_pe_sip ${SCHEDULER_MODULES}
mount -t tmpfs tmpfs /mnt
printf '%s\\n' 'hosts: files' 'services: files' 'protocols: files' >/mnt/nsswitch
printf '%s\\n' '127.0.0.1 localhost' ${hosts.map(quoted).join(' ')} >/mnt/hosts
mount --bind /mnt/nsswitch /etc/nsswitch.conf && mount --bind /mnt/hosts /etc/hosts`)
}
const SCHEDULER_MODULES = 'rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh'.replace(/\w+/g, 'ip_vs_$&')

/** As cat, without a process: they are slow in there. */
const SHOW = `show() { while IFS= read -r text; do printf '%s\\n' "$text"; done <$1; }`

/** What the real ipvsadm does with each line, all on the same rules, from none on. */
export function playOnKernel(kernel: Kernel, lines: readonly Line[]): Outcome[] {
  const calls = lines.map(line => {
    const words = ['ipvsadm', ...line].map(quoted).join(' ')
    return `${words} </dev/null >/mnt/o 2>/mnt/e; echo "${MARK} $?"; show /mnt/o; echo "${MARK}"; show /mnt/e`
  })
  const { out, err } = kernel.run([SHOW, 'ipvsadm -C; ipvsadm --set 900 120 300', ...calls].join('\n'))
  const [before = '', ...parts] = out.split(new RegExp(`${MARK} (\\d+)\\n`))
  if (before !== '' || err !== '' || parts.length !== lines.length * 2) throw new KernelDown(`${before}${err}${out}`)
  return lines.map((_, index) => {
    const [stdout = '', stderr = ''] = parts[index * 2 + 1]!.split(`${MARK}\n`)
    return { status: Number(parts[index * 2]), out: stdout, err: stderr }
  })
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** The same with uvsadm. */
export async function playOnUvs(lines: readonly Line[]): Promise<Outcome[]> {
  const { control } = new BenchDirector({ vips: ['10.99.1.100', '10.99.1.101'] })
  const outcomes: Outcome[] = []
  for (const line of lines) outcomes.push(await uvsadm([...line], control, names))
  return outcomes
}

const system = systemNames()
const addresses = Object.entries({ ...HOSTS, '127.0.0.1': 'localhost' })
const names: Names = {
  portNumber: (name, protocol) => system.portNumber(name, protocol),
  portName: (port, protocol) => system.portName(port, protocol),
  addressOf: async host => addresses.find(([address, name]) => name === host && !address.includes(':'))?.[0],
  hostsOf: async () => new Map(addresses),
}
