/*
 * main.c: the command `cerium`: finds the subcommand that is asked for, and explains them.
 */
#include "cli.h"
#include <stdio.h>
#include <string.h>

static const char general_help[] =
    "Cerium runs programs over resilient distributed datasets.\n"
    "\n"
    "  cerium run [OPTION...] FILE.c [ARGUMENT...]   compile a program and run it\n"
    "  cerium conf                                   show the settings, their defaults and bounds\n"
    "  cerium help [COMMAND]                         show this, or more about a command\n"
    "  cerium --version                              show the version\n"
    "\n"
    "A program defines int ce_main(ce_context *sc, int argc, char **argv). \"cerium help run\" says more.\n";

static const char run_help[] =
    "cerium run [OPTION...] FILE.c|FILE.so [ARGUMENT...]\n"
    "\n"
    "Compiles FILE.c to a shared object, unless that is in the cache, opens a context and calls the program's\n"
    "ce_main with FILE and the arguments. What stands behind FILE belongs to the program.\n"
    "\n"
    "  --master MASTER      where jobs run: inline, local, local[N], local[*] (the default), local[N,F]\n"
    "  --conf NAME=VALUE    a setting (\"cerium conf\" lists them); may be given several times\n"
    "  --name NAME          the name that people see\n"
    "\n"
    "Environment:\n"
    "  CC               the compiler; else cc, gcc or clang, the first that is in PATH\n"
    "  CERIUM_CFLAGS    flags added to -O3 -march=native -std=gnu17 -fPIC -shared -g\n"
    "  CERIUM_CACHE     where compiled programs are kept; else $XDG_CACHE_HOME/cerium or ~/.cache/cerium\n"
    "  CERIUM_<NAME>    a setting, such as CERIUM_BATCH_ROWS\n"
    "\n"
    "The exit status is what ce_main returns (0 to 255), 1 when the program cannot be compiled or loaded, 2 for a\n"
    "wrong command line, 130 after Ctrl-C, 143 after SIGTERM. The first Ctrl-C cancels jobs, the second one ends\n"
    "the program at once.\n";

static const char conf_help[] =
    "cerium conf\n"
    "\n"
    "Shows a line for each setting: its name, its default, what it does, and the values it takes. Numbers may end\n"
    "in k, m or g (times 1024, 1024^2, 1024^3). A setting is looked for in the options of \"cerium run --conf\", then\n"
    "in the environment as CERIUM_<NAME IN CAPITALS>.\n";

static const char *const command_names[] = {"run", "conf", "help", NULL};

static int print_text(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? CLI_FAILED : CLI_OK;
}

static int print_conf(void)
{
    char *text = ce_conf_describe();
    int code = text ? print_text(text) : cli_fail(CLI_FAILED, "%s", ce_last_error());
    ce_free(text);
    return code;
}

static int unknown_command(const char *name)
{
    return cli_fail(CLI_USAGE, "there is no command %s; the nearest is %s", name, cli_nearest(name, command_names));
}

static int help(const char *about)
{
    if (!about || strcmp(about, "help") == 0) {
        return print_text(general_help);
    }
    if (strcmp(about, "run") == 0) {
        return print_text(run_help);
    }
    return strcmp(about, "conf") == 0 ? print_text(conf_help) : unknown_command(about);
}

static bool asks_for_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int unknown_option(const char *name)
{
    static const char *const names[] = {"--version", "--help", NULL};
    return cli_fail(CLI_USAGE, "there is no option %s; the nearest is %s", name, cli_nearest(name, names));
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fputs(general_help, stderr);
        return CLI_USAGE;
    }
    const char *command = argv[1];
    if (asks_for_help(command)) {
        return help(NULL);
    }
    if (strcmp(command, "--version") == 0) {
        return printf("cerium %s\n", ce_version()) < 0 || fflush(stdout) != 0 ? CLI_FAILED : CLI_OK;
    }
    if (strcmp(command, "help") == 0) {
        return help(argc > 2 ? argv[2] : NULL);
    }
    const bool is_run = strcmp(command, "run") == 0, is_conf = strcmp(command, "conf") == 0;
    if (is_conf && argc > 2 && asks_for_help(argv[2])) {
        return help(command);
    }
    if (is_run) {
        int code = cli_run(argc - 2, argv + 2);
        return code == CLI_SHOW_HELP ? help(command) : code;
    }
    if (is_conf) {
        return argc > 2 ? cli_fail(CLI_USAGE, "conf takes no arguments, not %s", argv[2]) : print_conf();
    }
    return *command == '-' ? unknown_option(command) : unknown_command(command);
}
