import { readFileSync } from 'node:fs'

/** One recorded command: what the real ipvsadm said. */
export interface Recorded {
  file: string
  line: number
  command: string
  out: string
  err: string
  status: number
}

/** ipvsadm says where its help is, and uvsadm where its own is. */
export function withOurName(text: string): string {
  return text.replaceAll("Try `ipvsadm -h' or 'ipvsadm --help'", "Try `uvsadm -h' or 'uvsadm --help'")
}

/** Recordings of test/fixtures/ipvsadm-transcripts: `$ command`, output, `E: ` standard error, `= status`. */
export function readTranscript(file: string): Recorded[] {
  const path = new URL(`../../../test/fixtures/ipvsadm-transcripts/${file}`, import.meta.url)
  const records: Recorded[] = []
  let now: Recorded | undefined
  for (const [at, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (line.startsWith('$ ')) {
      now = { file, line: at + 1, command: line.slice(2), out: '', err: '', status: -1 }
    } else if (now && line.startsWith('= ')) {
      records.push({ ...now, status: Number(line.slice(2)) })
      now = undefined
    } else if (now) {
      if (line.startsWith('E: ')) now.err += `${withOurName(line.slice(3))}\n`
      else now.out += `${line}\n`
    }
  }
  return records
}
