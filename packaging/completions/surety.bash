# bash completion for surety(1). The tool itself says what there is.
_surety() {
  local said="${COMP_WORDS[*]:1:COMP_CWORD-1}" word="${COMP_WORDS[COMP_CWORD]}" help known
  said=${said%% -*}
  # shellcheck disable=SC2086
  help=$(surety $said --help 2>/dev/null)
  if [[ $word == -* ]]; then
    known=$(grep -oE -- '--[a-z][a-z0-9-]*' <<<"$help")
  else
    known=$({ surety --help; echo "${said:+  $help}"; } |
      sed -n "s/^  surety ${said:+$said }\([a-z0-9|]*\).*/\1/p" | tr '|' ' ')
  fi
  mapfile -t COMPREPLY < <(compgen -W "$known" -- "$word" | sort -u)
}
complete -o default -F _surety surety
