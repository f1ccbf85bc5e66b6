/*
 * completion.c - `atlas completion bash|zsh`: completion scripts made from the option tables.
 *
 * The scripts know the commands; the options of each they ask the program itself for
 * (--list-options), so they cannot fall behind.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static const char bash_script[] =
    "_atlas()\n"
    "{\n"
    "    local cur prev cmd sub line name letter meta type rest\n"
    "    cur=${COMP_WORDS[COMP_CWORD]}\n"
    "    prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    cmd=${COMP_WORDS[1]}\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "        COMPREPLY=($(compgen -W \"$commands --help --version\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    if [ \"$cmd\" = help ]; then\n"
    "        if [ \"$prev\" = output ]; then\n"
    "            COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" help output --list 2>/dev/null "
    "|\n"
    "                cut -f 1)\" -- \"$cur\"))\n"
    "        else\n"
    "            COMPREPLY=($(compgen -W \"$commands output\" -- \"$cur\"))\n"
    "        fi\n"
    "        return\n"
    "    fi\n"
    "    sub=\n"
    "    if [ \"$COMP_CWORD\" -gt 2 ]; then\n"
    "        case ${COMP_WORDS[2]} in [a-z]*) sub=${COMP_WORDS[2]} ;; esac\n"
    "    fi\n"
    "    while IFS=$'\\t' read -r name letter meta type rest; do\n"
    "        if [ \"$prev\" = \"--$name\" ] || [ \"$prev\" = \"-$letter\" ]; then\n"
    "            case $type:$name in\n"
    "            word:*) COMPREPLY=($(compgen -W \"${meta//|/ }\" -- \"$cur\")); return ;;\n"
    "            text:model|text:tagger)\n"
    "                COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" model list --names "
    "2>/dev/null)\" -- \"$cur\"; compgen -d -- \"$cur\")); return ;;\n"
    "            text:out|text:from) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
    "            flag:*) ;;\n"
    "            *) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
    "            esac\n"
    "        fi\n"
    "    done < <(_atlas_options)\n"
    "    case $cur in\n"
    "    -*) COMPREPLY=($(compgen -W \"$(_atlas_options | "
    "while IFS=$'\\t' read -r name rest; do printf -- '--%s ' \"$name\"; done) --help\" -- "
    "\"$cur\")) ;;\n"
    "    *) COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" \"$cmd\" --list-commands "
    "2>/dev/null)\" "
    "-- \"$cur\"; compgen -f -- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n"
    "_atlas_options()\n"
    "{\n"
    "    \"${COMP_WORDS[0]}\" \"$cmd\" ${sub:+\"$sub\"} --list-options 2>/dev/null ||\n"
    "        \"${COMP_WORDS[0]}\" \"$cmd\" --list-options 2>/dev/null\n"
    "}\n"
    "complete -o filenames -F _atlas atlas\n";

static const char zsh_script[] =
    "_atlas()\n"
    "{\n"
    "    local -a commands options subs\n"
    "    local cmd name letter meta type def help spec\n"
    "    commands=(\n"
    "%COMMANDS%"
    "    )\n"
    "    if (( CURRENT == 2 )); then\n"
    "        _describe command commands\n"
    "        return\n"
    "    fi\n"
    "    cmd=$words[2]\n"
    "    if [[ $cmd == help ]]; then\n"
    "        commands+=('output:files that commands write')\n"
    "        (( CURRENT == 3 )) && _describe command commands\n"
    "        subs=(${(uf)\"$($words[1] help output --list 2>/dev/null | cut -f 1)\"})\n"
    "        (( CURRENT == 4 )) && [[ $words[3] == output ]] && compadd -a subs\n"
    "        return\n"
    "    fi\n"
    "    subs=(${(f)\"$($words[1] $cmd --list-commands 2>/dev/null)\"})\n"
    "    if (( $#subs && CURRENT == 3 )); then\n"
    "        compadd -a subs\n"
    "        return\n"
    "    fi\n"
    "    (( $#subs )) && cmd=\"$cmd $words[3]\"\n"
    "    while IFS=$'\\t' read -r name letter meta type def help; do\n"
    "        spec=\"--$name\"\n"
    "        help=${help//[\\[\\]]/}\n"
    "        case $type in\n"
    "        flag) options+=(\"$spec\"\"[$help]\") ;;\n"
    "        word) options+=(\"$spec\"\"[$help]:$name:(${meta//|/ })\") ;;\n"
    "        *)\n"
    "            case $name in\n"
    "            model|tagger) options+=(\"$spec\"\"[$help]:model:_atlas_models\") ;;\n"
    "            out|from) options+=(\"$spec\"\"[$help]:directory:_files -/\") ;;\n"
    "            *) options+=(\"$spec\"\"[$help]:${meta//:/ }:_files\") ;;\n"
    "            esac ;;\n"
    "        esac\n"
    "    done < <($words[1] ${=cmd} --list-options 2>/dev/null)\n"
    "    _arguments -S $options '--help[show help]' '*:text:_files'\n"
    "}\n"
    "_atlas_models()\n"
    "{\n"
    "    local -a names\n"
    "    names=(${(f)\"$(atlas model list --names 2>/dev/null)\"})\n"
    "    compadd -a names\n"
    "    _files -/\n"
    "}\n"
    "_atlas \"$@\"\n";

/* What can stand behind "atlas": no headings, no subcommands. */
static bool is_first_word(const struct command *c)
{
    return c->name && !strchr(c->name, ' ');
}

static void print_bash(void)
{
    const char *between = "";

    printf("# bash completion of atlas, made by 'atlas completion bash'\ncommands='");
    for (size_t i = 0; commands[i]; i++)
        if (is_first_word(commands[i])) {
            printf("%s%s", between, commands[i]->name);
            between = " ";
        }
    printf("'\n%s", bash_script);
}

/* Between single quotes a shell takes everything as it stands but the quote itself. */
static void print_quoted(const char *s)
{
    for (; *s; s++)
        if (*s == '\'')
            printf("'\\''");
        else
            putchar(*s);
}

static void print_zsh(void)
{
    const char *mark = "%COMMANDS%", *at = strstr(zsh_script, mark);

    printf("#compdef atlas\n%.*s", (int)(at - zsh_script), zsh_script);
    for (size_t i = 0; commands[i]; i++)
        if (is_first_word(commands[i])) {
            printf("        '%s:", commands[i]->name);
            print_quoted(commands[i]->brief);
            printf("'\n");
        }
    printf("%s", at + strlen(mark));
}

static int run(void *own, const struct context *x)
{
    const struct call *c = x->call;

    (void)own;
    if (c->n_operands == 1 && !strcmp(c->operands[0], "bash"))
        print_bash();
    else if (c->n_operands == 1 && !strcmp(c->operands[0], "zsh"))
        print_zsh();
    else
        return report_usage("which shell, bash or zsh?");
    return EXIT_DONE;
}

static const struct opt *options(void *own, struct call *call)
{
    const struct opt table[] = { OPT_END };

    (void)own;
    return CALL_TABLE(call, table);
}

const struct command completion_command = {
    .name = "completion",
    .brief = "print the completion script of bash or zsh",
    .synopsis = "bash|zsh",
    .about = "Print a completion script: source it, or save it where the shell looks.",
    .options = options,
    .run = run,
};
