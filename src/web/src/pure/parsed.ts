/* What the director says, as text that lies where it stands: names that others wrote may not turn the rest of a line around. */

/** Of Unicode's Bidi_Control. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

export function parsed<T>(json: string): T {
  return JSON.parse(json.replace(TURNS, '\ufffd')) as T
}
