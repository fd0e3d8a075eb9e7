/** The last values as a line, without axes. Gaps are left out. There is room above: at its edge a constant would underline the text there. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const known = values.filter(value => Number.isFinite(value))
  const most = Math.max(1e-9, ...known)
  const step = 100 / Math.max(1, values.length - 1)
  let line = ''
  let isDrawing = false
  for (const [at, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      isDrawing = false
      continue
    }
    line += `${isDrawing ? 'L' : 'M'}${(at * step).toFixed(1)} ${(29 - (value / most) * 20).toFixed(1)}`
    isDrawing = true
  }
  return (
    <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={label}>
      {line !== '' && <path d={line} vector-effect="non-scaling-stroke" />}
    </svg>
  )
}
