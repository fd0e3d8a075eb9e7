/** Of what somebody wrote: a terminal would obey control characters, and those of writing that goes from right to left turn its line round. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_C}]/gu, '\ufffd')
}
