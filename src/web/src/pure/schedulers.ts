/** What the form of a service offers: all but `none`, which refuses every client. A service's own is shown beside them. */
export const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'sed',
  'nq',
  'sh',
  'dh',
  'lblc',
  'lblcr',
  'mh',
  'fo',
  'ovf',
] as const
