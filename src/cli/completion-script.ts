/** `tidewaiter completion SHELL`: prints a script that makes a shell call `tidewaiter complete`. */
import { script } from '@bomb.sh/tab';
import type { Terminal } from './terminal.ts';

export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

export function completionScript(shell: Shell, terminal: Terminal): number {
  if (shell === 'bash') terminal.out(BASH);
  // The package knows no other way than to print: to stdout, as we do.
  else script(shell, 'tidewaiter', 'tidewaiter');
  return 0;
}

/**
 * Our own, since that of the package wants the functions of bash-completion, never lets a file be completed, and hands what was
 * typed to eval. For bash 3.2 and later. Bash splits words at "=" and ":"; they are put together again.
 */
const BASH = `# bash completion for tidewaiter: source <(tidewaiter completion bash)
_tidewaiter() {
  local words=() last=-1 glue= i word value rest before= directive=:0
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((last >= 0)) && [[ -n $glue || $word == [=:]* ]]; then
      words[last]+=$word
    else
      words+=("$word")
      last=$((last + 1))
    fi
    glue=
    [[ $word == [=:] ]] && glue=1
  done
  # Where bash was told not to split there, a candidate replaces the whole word.
  [[ $word == --*=* ]] && before=\${word%%=*}=
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case $value in
      :*) directive=$value ;;
      *) COMPREPLY+=("$before$value") ;;
    esac
  done < <("\${1/#\\~/$HOME}" complete -- "\${words[@]}" 2>/dev/null)
  [[ $directive == :0 ]] || compopt +o default 2>/dev/null
}
complete -o default -F _tidewaiter tidewaiter
`;
