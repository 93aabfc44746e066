using System.CommandLine;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold completions bash|zsh</c>: a script that asks the command itself what may come next.</summary>
static class CompletionsVerb
{
    // [suggest:N] is System.CommandLine's: one candidate a line for a cursor at character N.
    const string Bash = """
        # source <(fanfold completions bash)
        _fanfold()
        {
            local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}" candidates
            candidates="$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)"
            # Options are offered to who begins one, so that files are where a file is meant.
            [[ "$word" == -* ]] || candidates="$(grep -v '^[-/]' <<< "$candidates")"
            COMPREPLY=($(compgen -W "$candidates" -- "$word"))
        }
        complete -o default -F _fanfold fanfold
        """;

    const string Zsh = """
        # autoload -Uz compinit && compinit; source <(fanfold completions zsh)
        _fanfold()
        {
            local line="${(j: :)words[1,CURRENT]}" candidates
            candidates=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            # Options are offered to who begins one, so that files are where a file is meant.
            [[ "${words[CURRENT]}" == -* ]] || candidates=(${candidates:#[-/]*})
            compadd -- ${candidates:#}
            (( ${#candidates:#} )) || _files
        }
        compdef _fanfold fanfold
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completions", "Print a shell's completion script: source <(fanfold completions bash)") { shell };
        command.SetAction(parsed =>
        {
            Console.WriteLine(parsed.GetValue(shell) == "bash" ? Bash : Zsh);
            return ExitCode.Succeeded;
        });
        return command;
    }
}
