import type { Control, Outcome } from '../../../control/protocol/api.js'
import { printable } from '../../../control/protocol/printable.js'
import { UsageError } from '../../../director/usage-error.js'
import { reasonOf } from '../../../linux/error-text.js'
import { CONTROL } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { withDirector } from '../with-director.js'
import { writeRecordingFile } from './recording-file.js'
import { counted, fetchRecording, writeRecording } from './write-recording.js'

export const record: UvsCommand = {
  name: 'record',
  help: `Writes what a director with --record has recorded.
The last frames that were dropped for each reason, and those of sampled connections, as pcapng with a comment on each, for Wireshark or tshark. The
director goes on recording.`,
  forms: [
    {
      words: [],
      options: [
        {
          flags: ['--out'],
          value: 'FILE',
          is: 'file',
          help: 'the pcapng file, for its owner alone; an earlier recording is replaced, nothing else',
          required: true,
        },
        CONTROL,
      ],
    },
  ],
  async run(args) {
    const given = readOptions(record, args)
    const file = given.one('--out')!
    if (file === '-') throw new UsageError("--out: '-': a file is expected; ./- is one of that name")
    return withDirector(given, control => recordTo(file, control))
  },
}

/** Throws the director's refusal as an Error of one line. */
export async function recordTo(file: string, control: Control): Promise<Outcome> {
  const recording = await fetchRecording(control)
  try {
    writeRecordingFile(file, fd => writeRecording(recording, fd))
  } catch (error) {
    return { status: 1, out: '', err: `uvs record: ${printable(`--out ${file}: ${reasonOf(error)}`)}\n` }
  }
  return { status: 0, out: `${printable(file)}: ${counted(recording)}\n`, err: '' }
}
