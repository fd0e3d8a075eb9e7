import { SH_WALK, shTables } from './sh.js'
import type { Tables } from './tables.js'

/** A script for bash that does not need bash-completion. */
export function bashCompletion(tables: Tables): string {
  return `# Completion of uvs and uvsadm for bash; written by: uvs completion bash\n${shTables(tables)}${SH_WALK}${DRIVER}`
}

/** Words are taken from COMP_LINE: COMP_WORDS is split at : and =, and readline replaces only the part after these. */
const DRIVER =
  String.raw`# The lines of standard input that begin with $last, behind the values of a list that stand before it.
_uvs_begin() {
  local each
  while read -r each; do
    [[ $each == "$last"* ]] && printf '%s\n' "$list$each"
  done
}
_uvs_expand() {
  local offer
  for offer in "$@"; do
    case $offer in
      @file) compgen -f -- "$cur" ;;
      @interface) command ls /sys/class/net 2>/dev/null | _uvs_begin ;;
      @service) _uvs_services | _uvs_begin ;;
      @service:*) _uvs_services "$\{offer#@service:}" | _uvs_begin ;;
      @server) _uvs_servers "$line" | _uvs_begin ;;
      *) printf '%s\n' "$\{offer%%:*}" | _uvs_begin ;;
    esac
  done
}
_uvs_complete() {
  local line=$\{COMP_LINE:0:COMP_POINT} words cur last list scope at wanted control offers=()
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  cur=$\{words[-1]}
  _uvs_walk "$\{words[@]:0:$\{#words[@]}-1}"
  if [[ -n $wanted ]]; then _uvs_takes "$wanted"
  elif [[ $cur == --*=* ]]; then
    _uvs_takes "$\{cur%%=*}"
    cur=$\{cur#*=}
  elif [[ $cur == -?* ]]; then _uvs_flags
  elif ! _uvs_word "$at"; then _uvs_flags
  fi
  last=$\{cur##*,}
  list=$\{cur%"$last"}
  mapfile -t COMPREPLY < <(_uvs_expand "$\{offers[@]}")
  [[ " $\{offers[*]} " == *' @file '* ]] && compopt -o filenames 2>/dev/null
  local breaks=$\{COMP_WORDBREAKS//[^:=]/}
  [[ -n $breaks ]] && COMPREPLY=("$\{COMPREPLY[@]#"$\{cur%"$\{cur##*[$breaks]}"}"}")
  return 0
}
complete -F _uvs_complete uvs uvsadm
`.replaceAll('$\\{', '${')
