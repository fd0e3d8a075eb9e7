import { readdirSync, readFileSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'

/* What a reader of the list of services sees of its speed, in headless Chromium. */

/** Pixels that the list is scrolled by in each frame. */
const STRIDE = 60
const SCROLL_MS = 3000
/** The kernel's unit of CPU time (USER_HZ), in ms. */
const CPU_TICK_MS = 10

export interface Painted {
  /** In ms since the address was asked for: something; a text or a picture; a row of services. */
  paint: number
  content: number
  rows: number
}
export interface Scrolled {
  /** Of a frame, in ms. */
  median: number
  p95: number
  /** CPU of all renderers' main threads for a frame, in ms: what a busy machine does not lengthen. */
  cpu: number
}

export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Opens the list of services, nothing cached. */
export async function painted(browser: Browser, address: string): Promise<{ page: Page; painted: Painted }> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(`requestAnimationFrame(function look() {
    if (document.querySelector('table.services tr.service')) globalThis.rowsAt = performance.now()
    else requestAnimationFrame(look)
  })`)
  await page.goto(`${address}services`)
  await page.locator('tr.service').first().waitFor()
  const [paint, content, rows] = await page.evaluate<
    [number, number, number]
  >(`new Promise(requestAnimationFrame).then(() => [
    ...['first-paint', 'first-contentful-paint'].map(name => performance.getEntriesByName(name)[0].startTime), globalThis.rowsAt,
  ])`)
  return { page, painted: { paint, content, rows } }
}

export async function scrolled(page: Page): Promise<Scrolled> {
  const before = renderersMs()
  const frames = await page.evaluate<number[]>(`new Promise(resolve => {
    const box = document.querySelector('.table-box')
    const frames = []
    const end = performance.now() + ${SCROLL_MS}
    let last
    requestAnimationFrame(function step(now) {
      if (last !== undefined) frames.push(now - last)
      last = now
      box.scrollTop += ${STRIDE}
      if (now < end) requestAnimationFrame(step)
      else resolve(frames)
    })
  })`)
  const cpu = (renderersMs() - before) / frames.length
  frames.sort((a, b) => a - b)
  return { median: frames[frames.length >> 1]!, p95: frames[Math.floor(frames.length * 0.95)]!, cpu }
}

function renderersMs(): number {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isRenderer(name))
    .reduce((sum, pid) => sum + threadMs(pid), 0)
}

function isRenderer(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--type=renderer')
  } catch {
    return false // it has ended
  }
}

/** CPU of a process's main thread so far, in ms (proc(5), /proc/PID/task/TID/stat: utime and stime). */
export function threadMs(pid: string | number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * CPU_TICK_MS
}
