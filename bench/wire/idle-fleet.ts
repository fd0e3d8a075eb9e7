/** The address of service I of many that etcd holds and nobody asks. */
export function idleService(i: number): { address: string; port: number } {
  return { address: `10.${100 + (i >> 8)}.${i & 255}.1`, port: 80 }
}
