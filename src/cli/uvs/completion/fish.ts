import { merge } from './sh.js'
import type { Row, Tables } from './tables.js'

/** A file for fish's conf.d, or for `source`. */
export function fishCompletion({ enter, takes, words, flags }: Tables): string {
  return [
    '# Completion of uvs and uvsadm for fish; written by: uvs completion fish\n',
    fishFunction('__uvs_enter', enter),
    fishFunction('__uvs_takes', takes),
    fishFunction('__uvs_word', words),
    fishFunction('__uvs_flags', flags),
    DRIVER,
  ].join('')
}

/** Prints the existing things that its argument names; status 1 if there are none. */
function fishFunction(name: string, rows: readonly Row[]): string {
  const cases = merge(rows).map(
    ({ keys, offers }) =>
      `        case ${keys.map(({ key, begins }) => quote(key + (begins ? '*' : ''))).join(' ')}\n` +
      `            ${offers.length > 0 ? `printf '%s\\n' ${offers.map(quote).join(' ')}` : 'true'}\n`,
  )
  return `function ${name}\n    switch $argv[1]\n${cases.join('')}        case '*'\n            return 1\n    end\nend\n`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

const DRIVER = String.raw`function __uvs_rules
    test -S $argv[1]; and timeout 2 uvsadm -Sn --control $argv[1] 2>/dev/null
end
function __uvs_expand --argument-names offer control line
    switch $offer
        case @file
            __fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct))
        case @interface
            command ls /sys/class/net 2>/dev/null
        case @service
            __uvs_rules $control | awk '$1 == "-A" { print $3 }'
        case '@service:*'
            __uvs_rules $control | awk -v flag=(string replace @service: '' -- $offer) '$1 == "-A" && $2 == flag { print $3 }'
        case @server
            __uvs_rules $control | awk -v line=" $line " '
                $1 == "-a" { all[$5]; if (index(line, " " $3 " ")) { own[$5]; named = 1 } }
                END { if (named) for (each in own) print each; else for (each in all) print each }'
        case '*'
            string replace -r ':' \t -- $offer
    end
end
function __uvs_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -l scope (string replace -r '.*/' '' -- $words[1])
    set -l at 1
    set -l wanted
    set -l control $UVS_CONTROL
    test -n "$control"; or set control /run/uvs/uvs.sock
    for word in $words[2..]
        if test -n "$wanted"
            test "$wanted" = --control; and set control $word
            set wanted
        else if set -l next (__uvs_enter "$scope $word")
            set scope $next
            set at 1
        else if __uvs_takes "$scope $word" >/dev/null
            set wanted $word
        else if string match -q -- '--control=*' $word
            set control (string replace -- --control= '' $word)
        else if not string match -q -- '-*' $word
            set at (math $at + 1)
        end
    end
    set -l before ''
    set -l offers
    if test -n "$wanted"
        set offers (__uvs_takes "$scope $wanted")
    else if string match -q -- '--*=*' $cur
        set before (string replace -r -- '=.*' '' $cur)
        set offers (__uvs_takes "$scope $before")
        set before $before=
    else if string match -q -- '-?*' $cur; or not set offers (__uvs_word "$scope $at")
        set offers (__uvs_flags $scope)
    end
    for offer in $offers
        for each in (__uvs_expand $offer $control "$words")
            printf '%s\n' $before$each
        end
    end
end
complete -c uvs -f -a '(__uvs_complete)'
complete -c uvsadm -f -a '(__uvs_complete)'
`
