package cmd

import (
	"fmt"
	"io"
	"strings"
)

// bashFunction is the part of the script that is always the same. It works in bash from 3.2 on, without the package
// bash-completion. Readline parts words at = and : too, unless COMP_WORDBREAKS has been changed.
const bashFunction = `
_amesh_render() {
    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} flag='' value='' prefix='' plain='' word i n=1
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        __amesh_render_commands
        __amesh_render_offer
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == :* ]]; then
            ((i++)) # the rest of a word that readline has parted
        elif [[ -n $flag ]]; then
            flag=
        elif [[ -n $plain || $word != -?* ]]; then
            ((n++))
        elif [[ $word == -- ]]; then
            plain=yes
        elif [[ ${COMP_WORDS[i + 1]} == = ]]; then
            flag=$word
            ((i++))
        elif __amesh_render_value "$command" "$word" && [[ $value != optional* ]]; then
            flag=$word
        fi
    done
    value=
    if [[ $cur == = && -n $flag ]]; then
        cur=
    elif [[ -z $plain && $cur == --*=* ]]; then
        flag=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}
    fi
    if [[ -n $flag ]]; then
        __amesh_render_value "$command" "$flag"
        value=${value#optional }
    elif [[ -z $plain && $cur == -* ]]; then
        __amesh_render_flags "$command"
    else
        __amesh_render_argument "$command" "$n"
    fi
    __amesh_render_offer
}

__amesh_render_offer() {
    case $value in
    '') return ;;
    files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$prefix$word"); done < <(compgen -f -- "$cur")
        ;;
    *)
        while IFS= read -r word; do COMPREPLY+=("$prefix$word"); done < <(compgen -W "$value" -- "$cur")
        ;;
    esac
}

complete -F _amesh_render amesh-render
`

// writeBash writes the script for bash: functions that set the variable value to the words that there are, or to
// "files", and one that asks the right one of them.
func writeBash(w io.Writer, commands []completable) {
	fmt.Fprintf(w, "# Completion of amesh-render %s for bash.\n", version)
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	fmt.Fprintf(w, "\n__amesh_render_commands() {\n    value='%s'\n}\n", strings.Join(names, " "))
	fmt.Fprint(w, "\n# COMMAND: its flags.\n__amesh_render_flags() {\n    case $1 in\n")
	for _, c := range commands {
		var flags []string
		for _, f := range c.flags {
			flags = append(flags, "--"+f.name)
		}
		fmt.Fprintf(w, "    %s) value='%s' ;;\n", c.name, strings.Join(flags, " "))
	}
	fmt.Fprint(w, "    esac\n}\n\n# COMMAND FLAG: what its value can be; fails where it has none.\n__amesh_render_value() {\n    case \"$1 $2\" in\n")
	for _, c := range commands {
		for _, f := range c.flags {
			if f.value == nil {
				continue
			}
			words := bashWords(*f.value)
			if f.optional {
				words = "optional " + words
			}
			fmt.Fprintf(w, "    '%s %s') value='%s' ;;\n", c.name, strings.Join(f.names(), "' | '"+c.name+" "), words)
		}
	}
	fmt.Fprint(w, "    *) return 1 ;;\n    esac\n}\n\n# COMMAND NUMBER: what that argument can be.\n__amesh_render_argument() {\n    case \"$1 $2\" in\n")
	for _, c := range commands {
		for i, a := range c.arguments {
			pattern := fmt.Sprintf("'%s %d'", c.name, i+1)
			if a.many {
				pattern = fmt.Sprintf("'%s '*", c.name)
			}
			fmt.Fprintf(w, "    %s) value='%s' ;;\n", pattern, bashWords(a))
		}
	}
	fmt.Fprint(w, "    esac\n}\n", bashFunction)
}

func bashWords(a argument) string {
	if a.files {
		return "files"
	}
	var words []string
	for _, v := range a.values {
		words = append(words, v.term)
	}
	return strings.Join(words, " ")
}
