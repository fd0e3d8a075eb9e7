/* Figures as people read them; no line ends between a figure and its unit. Nothing here knows the page. */

const NO_BREAK = '\u00a0'

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const

/** Three digits that matter, at most: 7, 1.23k, 45.6M. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  let rest = Math.abs(value)
  let unit = 0
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000
    unit++
  }
  const digits = unit === 0 && Number.isInteger(rest) ? 0 : rest < 10 ? 2 : rest < 100 ? 1 : 0
  return `${value < 0 ? '−' : ''}${rest.toFixed(unit === 0 && rest >= 100 ? 0 : digits)}${UNITS[unit]}`
}

/** All its digits, in groups: 1 234 567. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
}

/** Octets a second as bits: what links are sold by. */
export function bits(octetsPerSecond: number): string {
  return `${spaced(short(octetsPerSecond * 8))}bit/s`
}
export function octets(value: number): string {
  return `${spaced(short(value))}B`
}
export function perSecond(value: number): string {
  return `${short(value)}/s`
}
/** '1.23k' → '1.23 k', so that a unit follows; '7' → '7 '. */
function spaced(text: string): string {
  return /\d$/.test(text) ? text + NO_BREAK : text.slice(0, -1) + NO_BREAK + text.slice(-1)
}

/** Of little it says that it is little, not that it is nothing. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–'
  if (share > 0 && share < 0.0005) return `<0.1${NO_BREAK}%`
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)}${NO_BREAK}%`
}

/** The two largest units: 3 d 4 h, 5 min 6 s, 7.2 s. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 10) return `${Math.max(0, Math.round(seconds * 10) / 10)}${NO_BREAK}s`
  const s = Math.floor(seconds)
  const parts: [number, string][] = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'min'],
    [s % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => count + NO_BREAK + unit).join(' ')
}

/** In the reader's zone. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour12: false })
}
/** With the day if it is not today. */
export function moment(ms: number, nowMs: number): string {
  const date = new Date(ms)
  const isToday = date.toDateString() === new Date(nowMs).toDateString()
  return isToday ? clock(ms) : `${date.toLocaleDateString()} ${clock(ms)}`
}
