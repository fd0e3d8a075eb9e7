import { type Hazard, keyText, ofService } from './hazard.js'

export const persistenceHazards: readonly Hazard[] = [
  ofService('netmask-not-mask', function* ({ line, settings, hasNetmask }) {
    if (hasNetmask && !isMask(settings.netmask))
      yield {
        line,
        message: `-M ${settings.netmask} is no network mask (\`-M 24\` is read as 0.0.0.24): clients are put together at random; write it as 255.255.255.0`,
      }
  }),
  ofService('netmask-without-persistence', function* ({ line, settings, hasNetmask }) {
    if (hasNetmask && settings.persistence === 0)
      yield { line, message: `-M ${settings.netmask} does nothing without -p` }
  }),
  ofService('port-ignored', function* ({ key, settings, servers }) {
    if (settings.persistence === 0 || !('mark' in key || key.port === 0)) return
    for (const { line, port, settings: server } of servers)
      if (port !== 0 && (server.method === 'masq' || server.method === 'fullnat'))
        yield {
          line,
          message: `-r …:${port}: a persistent service of ${'mark' in key ? 'a mark' : 'port 0'} (${keyText(key)}) sends packets to the port that they came for; leave the port out`,
        }
  }),
  ofService('scheduler-flags', function* ({ line, settings: { schedFlags, scheduler } }) {
    const hasFlags = scheduler === 'sh' || scheduler === 'mh'
    if (hasFlags ? schedFlags > 3 : schedFlags > 0)
      yield { line, message: `${scheduler} does nothing with these flags (-b): only sh and mh have any, two each` }
  }),
]

/** Whether the mask is ones, then zeros. */
function isMask(text: string): boolean {
  const bits = text
    .split('.')
    .map(octet => Number(octet).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits)
}
