/** Where one member of the cluster answers. */
export interface Endpoint {
  readonly isTls: boolean
  readonly host: string
  readonly port: number
}

const USUAL_PORT = 2379

/**
 * Reads `http://HOST:PORT[,…]`, as ETCDCTL_ENDPOINTS has it: without a scheme it is http, without a port 2379. RangeError, in one
 * line, for what is none.
 */
export function readEndpoints(text: string): Endpoint[] {
  return text.split(',').map(each => readEndpoint(each.trim()))
}

/** `http://10.0.0.1:2379` */
export function endpointName({ isTls, host, port }: Endpoint): string {
  return `http${isTls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function readEndpoint(text: string): Endpoint {
  const found = /^(?:(https?):\/\/)?(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/.exec(text)
  const port = Number(found?.[3] ?? USUAL_PORT)
  if (!found || port < 1 || port > 65_535)
    throw new RangeError(`'${text}' is not http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.1:2379`)
  return { isTls: found[1] === 'https', host: found[2]!.replace(/^\[|\]$/g, ''), port }
}
