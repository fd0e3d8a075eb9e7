import { basename } from 'node:path'
import type { Control, Outcome, Reply } from '../../../control/protocol/api.js'
import { Unreachable } from '../../../control/socket/client.js'
import { UsageError } from '../../../director/options.js'
import { uvsadm } from '../../uvsadm/run.js'
import { readMarkRule } from '../options/mark-option.js'
import { allSysctls, sysctlWords } from '../sysctl.js'

export interface ScriptHooks {
  sleep(seconds: number): Promise<void>
}

/** The limit in seconds: Node's timers take at most 2^31 ms. */
const LONGEST_SLEEP = 2_000_000

/** The kinds of lines, for the user. */
const KNOWN = 'ipvsadm, sysctl net.ipv4.vs…, sleep, iptables-legacy -t mangle …, ip route replace|del …, modprobe'

/** Runs one line of a script as its program would: words, output, status. An invalid line has status 2. */
export async function runLine(words: string[], control: Control, hooks: ScriptHooks): Promise<Outcome> {
  const [program = '', ...args] = words
  try {
    switch (basename(program)) {
      case 'ipvsadm':
      case 'uvsadm':
        return await uvsadm(args, control)
      case 'sysctl':
        return await sysctl(args, control)
      case 'sleep':
        return await sleep(args, hooks)
      case 'ip':
        return await route(args, control)
      case 'iptables-legacy':
        return await mark(args, control)
      case 'modprobe':
        return done
      default:
        return failed(`${program}: not a line of uvs script (${KNOWN})`)
    }
  } catch (error) {
    if (error instanceof Unreachable) return failed(error.message)
    throw error
  }
}

const done: Outcome = { status: 0, out: '', err: '' }

function failed(message: string): Outcome {
  return { status: 2, out: '', err: `${message}\n` }
}

/** `sysctl [-w] net.ipv4.vs.X[=V] …`, with the messages of procps' sysctl 4.0; and the line that prints all of them. */
async function sysctl(args: string[], control: Control): Promise<Outcome> {
  const line = args.join(' ')
  if (/^-a (--pattern|-r) \^net\.ipv4\.vs$/.test(line)) return allSysctls(control)
  const words = args[0] === '-w' ? args.slice(1) : args
  const isOurs = words.every(word => /^net[./]ipv4[./]vs[./][^=\s]/.test(word))
  if (words.length === 0 || !isOurs || (args[0] === '-w' && !words.every(word => word.includes('='))))
    return failed(`sysctl ${line}: not there in uvs (only sysctl [-w] net.ipv4.vs.NAME[=VALUE])`)
  return sysctlWords(control, words, {
    unknown: name => `sysctl: cannot stat /proc/sys/net/ipv4/vs/${name}: No such file or directory`,
    refused: name => `sysctl: setting key "net.ipv4.vs.${name}": Invalid argument`,
  })
}

async function sleep(args: string[], hooks: ScriptHooks): Promise<Outcome> {
  const [seconds = ''] = args
  if (args.length !== 1 || !/^\d+(\.\d+)?$/.test(seconds) || Number(seconds) > LONGEST_SLEEP)
    return failed(`sleep: '${args.join(' ')}' is not a number of seconds, ${LONGEST_SLEEP} at the most`)
  await hooks.sleep(Number(seconds))
  return done
}

/** `ip route replace|del local A dev lo` is `--vip A`; `A [via GW] [dev IF] [mtu N]` is `--route A=[GW][@IF][,mtu=N]`. */
async function route(args: string[], control: Control): Promise<Outcome> {
  const line = args.join(' ')
  const [, change, local, block = '', gateway, link, mtu] = ROUTE_LINE.exec(line) ?? []
  if (!change || (local && line !== `route ${change} local ${block} dev lo`))
    return failed(
      `ip ${line}: not there in uvs (only ip route replace|del local ADDRESS dev lo, and ` +
        `ip route replace|del ADDRESS [via GATEWAY] [dev INTERFACE] [mtu N])`,
    )
  const cidr = block === 'default' ? '0.0.0.0/0' : block.includes('/') ? block : `${block}/32`
  const isGone = change === 'del'
  if (local) return unlessRefused('ip', await control.call({ op: isGone ? 'delete-vip' : 'add-vip', cidr }))
  if (isGone) return unlessRefused('ip', await control.call({ op: 'delete-route', to: cidr }))
  const how = { ...(gateway && { gateway }), ...(link && { port: link }), ...(mtu && { mtu: Number(mtu) }) }
  return unlessRefused('ip', await control.call({ op: 'add-route', to: cidr, ...how }))
}

const ROUTE_LINE = /^route (replace|del)( local)? (\S+)(?: via (\S+))?(?: dev (\S+))?(?: mtu (\d+))?$/

const MARK_LINE =
  /^-A PREROUTING -d (\S+) -p (\S+)(?: -m multiport --dports (\S+)| --dport ([^\s,]+))? -j MARK --set-mark (\S+)$/

/** Rules that set a mark become `--mark`; -F removes all of them. */
async function mark(args: string[], control: Control): Promise<Outcome> {
  const line = args.join(' ')
  const rule = line.replace(/^-t mangle /, '')
  if (rule === line) return failed(`iptables-legacy ${line}: not there in uvs (only -t mangle)`)
  if (rule === '-F') return unlessRefused('iptables-legacy', await control.call({ op: 'clear-marks' }))
  const [, to, protocol = '', ports, port, value = ''] = MARK_LINE.exec(rule) ?? []
  if (to === undefined)
    return failed(
      `iptables-legacy ${line}: not there in uvs (only -t mangle -F, and ` +
        `-A PREROUTING -d ADDRESS -p PROTO [-m multiport --dports PORTS | --dport PORT] -j MARK --set-mark N)`,
    )
  try {
    const words = { protocol, to, ports: ports ?? port, dash: ':', mark: value } as const
    const read = readMarkRule('iptables-legacy', words)
    return unlessRefused('iptables-legacy', await control.call({ op: 'add-mark', rule: read }))
  } catch (error) {
    if (error instanceof UsageError) return failed(error.message)
    throw error
  }
}

function unlessRefused(program: string, reply: Reply): Outcome {
  return reply.ok ? done : failed(`${program}: ${reply.message}`)
}
