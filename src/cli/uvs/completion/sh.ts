import type { Row, Tables } from './tables.js'

/** The tables as functions of bash and zsh, which read `$scope` and set `offers`; the first one sets `scope`. */
export function shTables({ enter, takes, words, flags }: Tables): string {
  return [
    shFunction('_uvs_enter', '$scope $1', enter, ([scope]) => `scope=${quote(scope!)}`),
    shFunction('_uvs_takes', '$scope $1', takes, shOffers),
    shFunction('_uvs_word', '$scope $1', words, shOffers),
    shFunction('_uvs_flags', '$scope', flags, shOffers),
  ].join('')
}

const shOffers = (offers: readonly string[]): string => `offers=(${offers.map(quote).join(' ')})`

function shFunction(
  name: string,
  key: string,
  rows: readonly Row[],
  then: (offers: readonly string[]) => string,
): string {
  const cases = merge(rows).map(({ keys, offers }) => `    ${keys.map(pattern).join(' | ')}) ${then(offers)} ;;\n`)
  return `${name}() {\n  case "${key}" in\n${cases.join('')}    *) return 1 ;;\n  esac\n}\n`
}

/** Merges rows with the same offers, in the order of the first. */
export function merge(rows: readonly Row[]): { keys: Row[]; offers: readonly string[] }[] {
  const byOffers = new Map<string, Row[]>()
  for (const row of rows) {
    const id = JSON.stringify(row.offers)
    byOffers.set(id, [...(byOffers.get(id) ?? []), row])
  }
  return [...byOffers.values()].map(keys => ({ keys, offers: keys[0]!.offers }))
}

function pattern({ key, begins }: Row): string {
  return quote(key) + (begins ? '*' : '')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Walks the words of `$@` before the last one, into scopes, past values. Sets scope, at, wanted and control. */
export const SH_WALK = String.raw`_uvs_walk() {
  local word
  scope=$\{1##*/} at=1 wanted= control=$\{UVS_CONTROL:-/run/uvs/uvs.sock}
  shift
  for word in "$@"; do
    if [[ -n $wanted ]]; then
      [[ $wanted == --control ]] && control=$word
      wanted=
    elif _uvs_enter "$word"; then at=1
    elif _uvs_takes "$word"; then wanted=$word
    elif [[ $word == --control=* ]]; then control=$\{word#*=}
    elif [[ $word != -* ]]; then at=$((at + 1))
    fi
  done
}
# The rules of the running director, if there is one.
_uvs_rules() {
  [[ -S $control ]] && timeout 2 uvsadm -Sn --control "$control" 2>/dev/null
}
# Those whose rule begins with -A and $1; all of them without.
_uvs_services() {
  _uvs_rules | awk -v flag="$1" '$1 == "-A" && (flag == "" || $2 == flag) { print $3 }'
}
# Those of the service that the line $1 names, or all.
_uvs_servers() {
  _uvs_rules | awk -v line=" $1 " '
    $1 == "-a" { all[$5]; if (index(line, " " $3 " ")) { own[$5]; named = 1 } }
    END { if (named) for (each in own) print each; else for (each in all) print each }'
}
`.replaceAll('$\\{', '${')
