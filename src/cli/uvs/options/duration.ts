/** 31 days in seconds, ipvsadm's limit for timeouts. */
const MOST_S = 2_678_400

/** The seconds of `90`, `60s`, `5m`, `1h30m`; undefined for anything else, and for more than 31 days. */
export function readDuration(text: string): number | undefined {
  const parts = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text)
  if (!parts) return undefined
  const [, hours = '0', minutes = '0', seconds = '0'] = parts
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return total <= MOST_S ? total : undefined
}

/** `40 s`, `3 min`, `1 h 30 min`: at most two numbers, since it is for people. */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  const rest = minutes % 60
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`
}
