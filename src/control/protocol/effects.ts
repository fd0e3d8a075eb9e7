import type { OperationName } from './operations.js'

/**
 * What an operation does to others:
 * - read: nothing, and anybody who reads may ask for it
 * - watch: the same, but it belongs to who began it
 * - own: nothing, but it is not for readers: it takes the asker's file, sends frames, shows payload or stages his rules
 * - change: something that others see
 */
export type Effect = 'read' | 'watch' | 'own' | 'change'

export const EFFECTS: Readonly<Record<OperationName, Effect>> = {
  services: 'read',
  'service-figures': 'read',
  'service-sums': 'read',
  connections: 'read',
  totals: 'read',
  verdicts: 'read',
  figures: 'read',
  offload: 'read',
  drops: 'read',
  timeouts: 'read',
  sysctls: 'read',
  health: 'read',
  vrrp: 'read',
  announcements: 'read',
  network: 'read',
  watch: 'watch',
  watched: 'watch',
  unwatch: 'watch',
  'plan-reload': 'own', // it reads a file of the asker's choice
  claims: 'own', // it sends
  record: 'own', // it has clients' octets
  begin: 'own',
  stage: 'own',
  plan: 'own',
  flush: 'change',
  zero: 'change',
  'add-service': 'change',
  'edit-service': 'change',
  'delete-service': 'change',
  'add-destination': 'change',
  'edit-destination': 'change',
  'delete-destination': 'change',
  'add-local-address': 'change',
  'delete-local-address': 'change',
  batch: 'change',
  commit: 'change',
  'end-connections': 'change',
  'add-route': 'change',
  'delete-route': 'change',
  'add-vip': 'change',
  'delete-vip': 'change',
  'add-mark': 'change',
  'clear-marks': 'change',
  'set-timeouts': 'change',
  'set-sysctl': 'change',
  reset: 'change',
  'drain-director': 'change',
  'cancel-drain': 'change',
  'dashboard-login': 'change',
}
