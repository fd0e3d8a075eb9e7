import type { Control, Request } from './api.js'

/** Someone whose replies are JSON already when they come. */
export interface TextControl extends Control {
  /** As `call`; the reply as JSON. */
  callText(request: Request): Promise<string>
}

/** The reply as JSON, from whomever. */
export async function callText(control: Control | TextControl, request: Request): Promise<string> {
  return 'callText' in control ? control.callText(request) : JSON.stringify(await control.call(request))
}
