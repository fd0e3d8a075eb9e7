import { SH_WALK, shTables } from './sh.js'
import type { Tables } from './tables.js'

/** A file _uvs for zsh's fpath, or for evaluation after compinit. */
export function zshCompletion(tables: Tables): string {
  return `#compdef uvs uvsadm\n# Completion of uvs and uvsadm for zsh; written by: uvs completion zsh\n${shTables(tables)}${SH_WALK}${DRIVER}`
}

const DRIVER = String.raw`_uvs_complete() {
  local scope at wanted control cur=$words[CURRENT] line="$words[*]" offer
  local -a offers plain
  _uvs_walk "$\{(@)words[1,CURRENT-1]}"
  if [[ -n $wanted ]]; then _uvs_takes "$wanted"
  elif [[ $cur == --*=* ]]; then
    compset -P '*='
    _uvs_takes "$\{cur%%=*}"
  elif [[ $cur == -?* ]]; then _uvs_flags
  elif ! _uvs_word "$at"; then _uvs_flags
  fi
  for offer in $offers; do
    case $offer in
      @file) _files ;;
      @interface) compset -P '*,'; compadd -- /sys/class/net/*(N:t) ;;
      @service) compadd -- $\{(f)"$(_uvs_services)"} ;;
      @service:*) compadd -- $\{(f)"$(_uvs_services "$\{offer#@service:}")"} ;;
      @server) compadd -- $\{(f)"$(_uvs_servers "$line")"} ;;
      *) plain+=("$offer") ;;
    esac
  done
  (( $#plain )) && _describe uvs plain
}
if [[ $funcstack[1] == _uvs ]]; then _uvs_complete "$@"; else compdef _uvs_complete uvs uvsadm; fi
`.replaceAll('$\\{', '${')
