#!/usr/bin/env bash
# What the command says about itself, and about a wrong command line.
source "$(dirname "${BASH_SOURCE[0]}")/common"

run "$cerium"
is_code 2
has_err 'cerium run [OPTION...] FILE.c'

for ask in --help -h help; do
    run "$cerium" $ask
    is_code 0
    yes grep -q 'cerium run \[OPTION...\] FILE.c' out.txt
    is_err ''
done

for ask in 'help run' 'run --help' 'run -h' 'run --master local --help'; do
    run "$cerium" $ask
    is_code 0
    yes grep -q -- '--conf NAME=VALUE' out.txt
done

for ask in 'help conf' 'conf --help'; do
    run "$cerium" $ask
    is_code 0
    yes grep -q 'CERIUM_<NAME IN CAPITALS>' out.txt
done

run "$cerium" --version
is_code 0
yes grep -Eqx 'cerium [0-9]+\.[0-9]+\.[0-9]+' out.txt

run "$cerium" conf
is_code 0
yes grep -Eq '^batch_rows +[0-9]+ ' out.txt
yes grep -Eq '^progress_after_ms +500 .*\(0 to 3600000 ms\)$' out.txt

run "$cerium" conf extra
is_code 2
is_err 'cerium: conf takes no arguments, not extra'

run "$cerium" rnu
is_code 2
is_err 'cerium: there is no command rnu; the nearest is run'

run "$cerium" help cnof
is_code 2
is_err 'cerium: there is no command cnof; the nearest is conf'

run "$cerium" --vrsion
is_code 2
is_err 'cerium: there is no option --vrsion; the nearest is --version'

run "$cerium" run
is_code 2
has_err 'cerium: run needs a program'

run "$cerium" run --mastr=local x.c
is_code 2
is_err 'cerium: run has no option --mastr; the nearest is --master'

run "$cerium" run --name
is_code 2
is_err 'cerium: --name needs a value'

run "$cerium" run --conf batch_rows x.c
is_code 2
is_err 'cerium: --conf needs NAME=VALUE, not batch_rows'

run "$cerium" run --conf batch_row=1 x.c
is_code 2
is_err 'cerium: there is no setting batch_row; the nearest name is batch_rows'

run "$cerium" run --conf batch_rows=0 x.c
is_code 2
is_err 'cerium: batch_rows: must be 1 to 64k rows, not 0'

run "$cerium" run x.txt
is_code 2
is_err 'cerium: x.txt: is neither a C source (FILE.c) nor a shared object (FILE.so)'

run "$cerium" run missing.c
is_code 1
is_err 'cerium: missing.c: cannot be read: No such file or directory'

run "$cerium" run missing.so
is_code 1
has_err 'cerium: missing.so: cannot be loaded: '

if [ -c /dev/full ]; then
    "$cerium" --help >/dev/full
    yes [ $? -eq 1 ]
fi

finish
