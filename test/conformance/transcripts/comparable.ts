/** Without what uvsadm saves and ipvsadm loses: thresholds, and the sign of marks from 2^31 on. */
export function comparable(out: string): string {
  const saved = out.replace(
    /^(-[Aa] -f )(-\d+)/gm,
    (_, flags: string, mark: string) => `${flags}${Number(mark) + 2 ** 32}`,
  )
  return saved.replace(/^(-a .* -w \d+)( -x \d+)?( -y \d+)?/gm, '$1')
}
