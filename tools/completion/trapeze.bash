# bash completion for trapeze. Commands, options, guests and profiles are asked
# of the command itself, so that this file knows none of them.

_trapeze_options() { # words of `trapeze COMMAND --help` that are long options
  "$1" "$2" --help 2>/dev/null | grep -oE '^  (-[a-zA-Z], |    )--[a-z-]+=?' | grep -oE -- '--[a-z-]+=?'
}

_trapeze_names() { # guests or profiles: the first words of the listing's lines
  "$1" "$2" 2>/dev/null | awk '/^[a-z]/ { print $1 }'
}

_trapeze_system() { # instructions of the system part
  "$1" profiles pg 2>/dev/null | sed -n 's/^[* ] \([a-z][a-z]*\)  *\(trap\|nop\|full\|absent\) .*/\1/p'
}

_trapeze_commands() {
  "$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

_trapeze() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
  local command=${COMP_WORDS[1]-}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_commands "$program") --help --version" -- "$cur")
    return
  fi
  # bash parts --profile=x into three words; give them the same treatment as two.
  if [ "$cur" = "=" ]; then
    cur=
  elif [ "$prev" = "=" ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # Letters mean what they mean to the command.
  case $command$prev in
  classify-m) prev=--model ;;
  classify-t) prev= ;; # it takes no value
  classify-e) prev=--explain ;;
  classify-w) prev=--witness ;;
  disk-[ef]) prev= ;;
  disk-[ns]) prev=--size ;;
  trace-p) prev=--picture ;;
  esac
  case $prev in
  --profile | -p)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_names "$program" profiles)" -- "$cur"
      compgen -f -X '!*.profile' -- "$cur")
    return ;;
  --engine)
    mapfile -t COMPREPLY < <(compgen -W 'fast unfused step' -- "$cur")
    return ;;
  --format | -f | -T)
    local formats='elf raw'
    [ "$command" = classify ] && formats='dot svg png'
    [ "$command" = compare ] && formats='text json markdown html dot svg png'
    [ "$command" = directory ] && formats='text json dot svg png'
    [ "$command" = grade ] && formats='text json gradescope autolab prairielearn classroom50 junit tap'
    [ "$command" = trace ] && formats='txt jsonl dot svg png html chrome'
    mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$cur")
    return ;;
  --picture)
    mapfile -t COMPREPLY < <(compgen -W 'ladder graph modes memory' -- "$cur")
    return ;;
  --trace-events | --class | -c)
    mapfile -t COMPREPLY < <(compgen -W 'default all traps emulation reflection switches interrupts io memory sensitive instructions' -- "$cur")
    return ;;
  --disk | -d | --trace | --input | -i | --input-log | --record | --output | -o | --listing | -l)
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  --mmu | --real-mmu)
    mapfile -t COMPREPLY < <(compgen -W 'bounds paged tlb nested' -- "$cur")
    return ;;
  --io)
    mapfile -t COMPREPLY < <(compgen -W 'ports none mmio channel' -- "$cur")
    return ;;
  --memory-technique)
    mapfile -t COMPREPLY < <(compgen -W 'default bounds shadow exact disco nested' -- "$cur")
    return ;;
  --technique)
    mapfile -t COMPREPLY < <(compgen -W 'trap-and-emulate interpret hybrid paravirt patch translate translate-all' -- "$cur")
    return ;;
  --flaw)
    mapfile -t COMPREPLY < <(compgen -W 'credit deputy inject loan overrun readonly rights stale twice wrap' -- "$cur")
    return ;;
  --sandbox)
    mapfile -t COMPREPLY < <(compgen -W 'require bwrap seccomp limits' -- "$cur")
    return ;;
  --hidden | --labs | --assignment)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  --costs)
    mapfile -t COMPREPLY < <(compgen -W 'default 0' -- "$cur")
    return ;;
  --type)
    mapfile -t COMPREPLY < <(compgen -W 'data program' -- "$cur")
    return ;;
  --memory | -m | --ticks | -t | --sectors | --size | --first | --length | --as | --checkpoint | --quantum | --only | --seed | --student | --jobs | -j | --shard) return ;;
  --model)
    mapfile -t COMPREPLY < <(compgen -W 'paper extended' -- "$cur")
    return ;;
  --routes)
    mapfile -t COMPREPLY < <(compgen -W 'solver exhaustion experiment all' -- "$cur")
    return ;;
  --explain | --witness)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_system "$program")" -- "$cur")
    return ;;
  --include | -I | --smtlib)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  esac
  case $cur in
  -*)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_options "$program" "$command")" -- "$cur")
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
    return ;;
  esac
  case $command in
  help)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_commands "$program")" -- "$cur") ;;
  directory)
    if [ "$prev" = directory ]; then
      mapfile -t COMPREPLY < <(compgen -W 'check example' -- "$cur")
    else
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi ;;
  disk)
    if [ "$prev" = disk ]; then
      mapfile -t COMPREPLY < <(compgen -W 'make list get put delete check overlay commit discard' -- "$cur")
    else
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi ;;
  profiles | classify)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_names "$program" profiles)" -- "$cur"
      compgen -f -X '!*.profile' -- "$cur") ;;
  *)
    mapfile -t COMPREPLY < <(compgen -W "$(_trapeze_names "$program" guests)" -- "$cur"
      compgen -f -- "$cur") ;;
  esac
}

complete -F _trapeze -o filenames trapeze
