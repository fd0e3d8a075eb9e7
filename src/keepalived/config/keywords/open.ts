import type { ConfigDraft, InstanceDraft, RealServerDraft, VirtualServerDraft } from '../draft.js'

/** An instance while it is read, and the whole that it is part of. */
export interface OpenInstance {
  readonly instance: InstanceDraft
  readonly config: ConfigDraft
}

/** A virtual server while it is read. */
export interface OpenServer {
  readonly server: VirtualServerDraft
  readonly config: ConfigDraft
}

/** A real server while it is read. */
export interface OpenRealServer extends OpenServer {
  readonly real: RealServerDraft
  /** Scripts of checkers were there before it. */
  readonly hadScripts: boolean
}

/** `[10.1.2.1]:tcp:80`: in messages. */
export function nameOfReal({ real, server }: OpenRealServer): string {
  return `[${real.address}]:${server.protocol ?? 'none'}:${real.port ?? 0}`
}
