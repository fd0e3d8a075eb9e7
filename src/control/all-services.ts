import type { Answer, Control, ServiceInfo, ServiceKey } from './api.js'

/** Every service in the kernel's order, or the one asked for; or the director's refusal. */
export function allServices(control: Control, service?: ServiceKey): Promise<Answer<ServiceInfo[]>> {
  return control.call({ op: 'services', ...(service && { service }) })
}
