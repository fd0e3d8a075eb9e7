import type { marks as shapes } from '../protocol/marks.js'
import { markRule } from './keys.js'
import type { OperationsOf } from './operation.js'

export const marks = {
  'add-mark': {
    run(director, { rule }) {
      director.marks.add(markRule(rule))
      return null
    },
  },
  'clear-marks': {
    run(director) {
      director.marks.clear()
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
