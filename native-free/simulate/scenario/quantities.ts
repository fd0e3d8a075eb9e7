import { isHostAddress, parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../../../src/wire/addr.js'
import { Fields, textAs, decimal, whole, type Read } from './fields.js'
import { quoted, ScenarioError } from './scenario-error.js'
import type { Arrivals, Distribution, LinkQuality, Target } from './scenario.js'

const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** A day: nobody waits for the run of more. */
const MOST_MS = 86_400_000
const OCTETS: Readonly<Record<string, number>> = { '': 1, k: 1024, M: 1024 ** 2 }
const MOST_OCTETS = 16 * 1024 ** 2
const MOST_RATE = 1_000_000

/** ms of '30s', '250ms', '1m30s'; a number alone is seconds. */
export const duration: Read<number> = textAs('a time such as 30s, 250ms, 5m (a day at most)', text => {
  if (!/^(\d{1,9}(\.\d{1,6})?(us|ms|s|m|h))+$|^\d{1,9}(\.\d{1,6})?$/.test(text)) return undefined
  let ms = 0
  for (const [, number, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)?/g))
    ms += Number(number) * UNITS_MS[unit]!
  return ms <= MOST_MS ? ms : undefined
})

export const octets: Read<number> = textAs('a size such as 512, 4k, 1M (16M at most)', text => {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([kM]?)$/.exec(text) ?? []
  if (number === undefined) return undefined
  const size = Math.round(Number(number) * OCTETS[unit]!)
  return size <= MOST_OCTETS ? size : undefined
})

/** '200/s', '12/m'; a number alone is per second. */
export const rate: Read<number> = textAs(`a rate such as 200/s (more than 0, ${MOST_RATE}/s at most)`, text => {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,6})?)(?:\/(s|m|h))?$/.exec(text) ?? []
  const perSecond = (Number(number) * 1000) / UNITS_MS[unit]!
  return perSecond > 0 && perSecond <= MOST_RATE ? perSecond : undefined
})

/** 0 to 1 of '5 %'. */
export const share: Read<number> = textAs("a share such as '5 %'", text => {
  const [, number] = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text) ?? []
  return Number(number) <= 100 ? Number(number) / 100 : undefined
})

export const address: Read<Ipv4Addr> = textAs('an IPv4 address that a host may have', text => {
  const addr = parseIpv4(text)
  return addr !== undefined && isHostAddress(addr) ? addr : undefined
})

/** A network, or one address. */
export const network: Read<Cidr> = textAs('an address or a network of hosts such as 10.1.0.0/16', text => {
  const cidr = parseCidr(text.includes('/') ? text : `${text}/32`)
  if (!cidr || cidr.prefix < 8) return undefined
  const first = (cidr.addr & cidr.mask) as Ipv4Addr
  return isHostAddress(cidr.prefix === 32 ? cidr.addr : ((first + 1) as Ipv4Addr)) ? cidr : undefined
})

export const target: Read<Target> = textAs('an address and a port such as 10.0.1.100:80', text => {
  const [, address, port] = /^([\d.]+):(\d{1,5})$/.exec(text) ?? []
  const addr = address === undefined ? undefined : parseIpv4(address)
  const number = Number(port)
  return addr !== undefined && number >= 1 && number <= 0xffff ? { addr, port: number } : undefined
})

/** A value alone is always the same one. */
export function distribution(quantity: Read<number>): Read<Distribution> {
  return (value, path) => {
    if (typeof value !== 'object') return { kind: 'constant', value: quantity(value, path) }
    const fields = new Fields(value, path, 'a distribution')
    const kind = fields.oneOf(['constant', 'uniform', 'exponential', 'pareto', 'lognormal'])
    const found = fields.need(kind, (inner, at): Distribution => {
      switch (kind) {
        case 'constant':
          return { kind, value: quantity(inner, at) }
        case 'exponential':
          return { kind, mean: quantity(inner, at) }
        case 'uniform': {
          if (!Array.isArray(inner) || inner.length !== 2)
            throw new ScenarioError(at, `${quoted(inner)}: the least and the most are expected, such as [1, 2]`)
          const [from, to] = inner.map((each, i) => quantity(each, [...at, i])) as [number, number]
          if (from > to) throw new ScenarioError(at, `${quoted(inner)}: the first is larger than the second`)
          return { kind, from, to }
        }
        case 'pareto': {
          const of = new Fields(inner, at, 'least and shape')
          const pareto = {
            kind,
            least: of.need('least', quantity),
            shape: of.need('shape', decimal(0.1, 100)),
          } as const
          of.end()
          return pareto
        }
        default: {
          const of = new Fields(inner, at, 'median and sigma')
          const median = of.need('median', quantity)
          const sigma = of.need('sigma', decimal(0, 10))
          of.end()
          return { kind: 'lognormal', median, sigma }
        }
      }
    })
    fields.end()
    return found
  }
}

const MOST_BURST = 100_000

export const arrivals: Read<Arrivals> = (value, path) => {
  const fields = new Fields(value, path, 'how connections arrive')
  const kind = fields.oneOf(['poisson', 'constant', 'uniform', 'burst'])
  const found: Arrivals =
    kind === 'burst'
      ? {
          kind,
          size: fields.need('burst', whole(1, MOST_BURST)),
          everyMs: fields.need('every', positive),
        }
      : { kind: kind as 'poisson' | 'constant' | 'uniform', perSecond: fields.need(kind, rate) }
  fields.end()
  return found
}

/** A time that is not 0. */
export const positive: Read<number> = (value, path) => {
  const ms = duration(value, path)
  if (ms > 0) return ms
  throw new ScenarioError(path, `${quoted(value)}: a time longer than 0 is expected`)
}

export function link(delayMs: number): Read<LinkQuality> {
  return (value, path) => {
    const fields = new Fields(value, path, 'a link')
    const found = {
      delayMs: fields.take('delay', duration) ?? delayMs,
      jitterMs: fields.take('jitter', duration) ?? 0,
      loss: fields.take('loss', share) ?? 0,
      reorder: fields.take('reorder', share) ?? 0,
    }
    fields.end()
    return found
  }
}
