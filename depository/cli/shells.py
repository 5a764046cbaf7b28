"""How bash, zsh and fish ask for completions, and how they want them.

Each shell's script calls the command with ``_DEPOSITORY_COMPLETE`` set, and the words so far in the environment. What
the scripts insert comes from here letter by letter, so that names with blanks, quotes or an @ survive.
"""

import os
import re

from click import Command
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

from depository.cli.protocol import COMPLETE_VARIABLE
from depository.cli.text import printable

SHELLS = ("bash", "zsh", "fish")

_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ -n "$line" ]] && COMPREPLY+=("$line")
    done < <(env %(complete_var)s=bash_complete COMP_LINE="${COMP_LINE:0:COMP_POINT}" \
COMP_WORDBREAKS="$COMP_WORDBREAKS" %(prog_name)s 2>/dev/null)
}

complete -o nospace -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local line value
    local -a parts values shown open_values open_shown
    (( ! $+commands[%(prog_name)s] )) && return 1
    for line in "${(@f)$(env %(complete_var)s=zsh_complete COMP_WORDS="${(pj:\\n:)words[1,CURRENT]}" \
%(prog_name)s 2>/dev/null)}"; do
        [[ -n "$line" ]] || continue
        parts=("${(@ps:\\t:)line}")
        value="${parts[1]}"
        if [[ "$value" == */ ]]; then
            open_values+=("$value")
            open_shown+=("$value")
        else
            values+=("$value")
            shown+=("$value${parts[2]:+  -- ${parts[2]}}")
        fi
    done
    (( $#values )) && compadd -U -V versions -l -d shown -a values
    (( $#open_values )) && compadd -U -V directories -S '' -d open_shown -a open_values
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -lx %(complete_var)s fish_complete
    set -lx COMP_WORDS (string join \\n -- (commandline -opc) | string collect)
    set -lx COMP_CURRENT (commandline -ct | string collect)
    %(prog_name)s 2>/dev/null | string match --invert ""
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

_SPECIAL = re.compile(r"([\s'\"\\$`&;()<>|*?\[\]#!{}~])")
_SPECIAL_IN_DOUBLE = re.compile(r"([\"\\$`])")


class _Quiet(ShellComplete):
    """Completes without a word, whatever goes wrong."""

    def complete(self) -> str:
        try:
            return super().complete()
        except Exception:  # noqa: BLE001 - nobody asked to hear of it while typing
            return ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        return [item for item in super().get_completions(args, incomplete) if item.type == "plain"]


class _Bash(_Quiet):
    name = "bash"
    source_template = _BASH

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._quote = ""
        self._inserted_from = 0

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        raw = re.search(r"(?:\"(?:\\.|[^\"])*\"?|'[^']*'?|\\.|[^\s\"'\\])*\Z", line, re.DOTALL)
        if not raw or not raw[0]:
            return words[1:], ""
        incomplete = words[-1] if words else ""
        if raw[0][0] in "\"'":
            self._quote = raw[0][0]
        else:  # readline replaces what comes after the last of these only
            breaks = os.environ.get("COMP_WORDBREAKS", "@:=")
            self._inserted_from = 1 + max((incomplete.rfind(c) for c in "@:=" if c in breaks), default=-1)
        return words[1:-1], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        text = item.value[self._inserted_from :]
        end = "" if item.value.endswith("/") else " "
        if self._quote == "'":
            return text.replace("'", "'\\''") + ("'" if end else "") + end
        if self._quote:
            return _SPECIAL_IN_DOUBLE.sub(r"\\\1", text) + ('"' if end else "") + end
        return _SPECIAL.sub(r"\\\1", text) + end


class _Zsh(_Quiet):
    name = "zsh"
    source_template = _ZSH

    def get_completion_args(self) -> tuple[list[str], str]:
        words = [_unquoted(word) for word in os.environ["COMP_WORDS"].split("\n")]
        return words[1:-1], words[-1]

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.value}\t{printable(item.help)}" if item.help else item.value


class _Fish(_Quiet):
    name = "fish"
    source_template = _FISH

    def get_completion_args(self) -> tuple[list[str], str]:
        return os.environ["COMP_WORDS"].split("\n")[1:], _unquoted(os.environ.get("COMP_CURRENT", ""))

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.value}\t{printable(item.help)}" if item.help else item.value


def _unquoted(word: str) -> str:
    return next(iter(split_arg_string(word)), "")


def register() -> None:
    """Have click ask these classes."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)


def script(shell: str, command: Command) -> str:
    """What a shell has to read once to complete a command."""
    classes: dict[str, type[_Quiet]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
    return classes[shell](command, {}, "depository", COMPLETE_VARIABLE).source()
