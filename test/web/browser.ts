import { accessSync, constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

/* Chromium as the tests drive it. */

/** Its path, or undefined where it is not installed. */
export function chromiumPath(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'chromium'))
    .find(isProgram)
}
function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian's sandbox does not run as root. */
export function startChromium(executablePath: string, args: string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox', ...args] : args })
}

/** A page that collects what the console complains of. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions,
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  return { page, complaints }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds that is serious or critical, a line each; of all its rules, or of some. */
export async function seriousFindings(page: Page, rules: string[] = []): Promise<string[]> {
  // By the debugger's way, which the page's content security policy does not concern.
  await page.evaluate(axe)
  return page.evaluate(async names => {
    const { axe: audit } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: Violation[] }> }
    }
    interface Violation {
      id: string
      impact: string
      nodes: { target: unknown[]; failureSummary: string }[]
    }
    const { violations } = await audit.run(names.length > 0 ? { runOnly: names } : {})
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(node => `${node.target.join(' ')} (${node.failureSummary})`).join('; ')}`,
      )
  }, rules)
}

/** Addresses and options of commands within which a line ends. */
export function broken(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const found = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let text; (text = texts.nextNode()); ) {
      for (const { 0: word, index } of text.data.matchAll(${ADDRESS_OR_OPTION})) {
        const range = document.createRange()
        range.setStart(text, index)
        range.setEnd(text, index + word.length)
        const tops = new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top)))
        if (tops.size > 1) found.push(word)
      }
    }
    return found
  })()`)
}
const ADDRESS_OR_OPTION = String(/\d+(\.\d+){3}(:\d+)?|[0-9a-f]{2}(:[0-9a-f]{2}){5}|(?<![\w-])--?[a-zA-Z][\w-]*/g)

/** Pixels by which the page is wider than its window. */
export function tooWide(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
}
