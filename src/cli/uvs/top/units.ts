const STEP = 1000
const PREFIXES = ['', 'k', 'M', 'G', 'T']

/** 950, 12.3k, 4.56M: four characters of a number at most, and its prefix. */
export function count(value: number): string {
  let [scaled, prefix] = [value, 0]
  while (scaled >= 10 * STEP && prefix < PREFIXES.length - 1) [scaled, prefix] = [scaled / STEP, prefix + 1]
  return prefix === 0 ? String(Math.round(scaled)) : `${digits(scaled)}${PREFIXES[prefix]}`
}

/** Octets a second as 12.3 kbit/s. */
export function bits(octets: number): string {
  let [scaled, prefix] = [octets * 8, 0]
  while (scaled >= STEP && prefix < PREFIXES.length - 1) [scaled, prefix] = [scaled / STEP, prefix + 1]
  return `${prefix === 0 ? Math.round(scaled) : digits(scaled)} ${PREFIXES[prefix]}bit/s`
}

/** Three of them, or all before the point. */
function digits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}
