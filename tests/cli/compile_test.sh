#!/usr/bin/env bash
# From a source to ce_main: what the compiler says is shown, and what is missing is named.
source "$(dirname "${BASH_SOURCE[0]}")/common"

cat >good.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
int ce_main(ce_context *sc, int argc, char **argv)
{
    (void)sc;
    (void)argc;
#ifdef WORD
    puts(WORD);
#endif
    printf("%s from %s\n", argv[0], __FILE__);
    return 0;
}
C

run "$cerium" run good.c
is_code 0
is_out 'good.c from good.c'

# An error of the compiler is shown as it is, and nothing is kept.
echo 'int ce_main(void) { return nowhere; }' >bad.c
run "$cerium" run bad.c
is_code 1
has_err 'bad.c:1:28: error:'
has_err 'cerium: bad.c: does not compile'
yes [ "$(ls "$CERIUM_CACHE" | wc -l)" -eq 2 ]
run "$cerium" run bad.c
is_code 1
has_err 'nowhere'

# A program without the entry, and one that lacks a function.
echo 'int main(void) { return 0; }' >no_entry.c
run "$cerium" run no_entry.c
is_code 1
is_err 'cerium: no_entry.c: has no function ce_main(ce_context *, int, char **)'

cat >undefined.c <<'C'
#include <cerium/cerium.h>
extern int never_defined(void);
int ce_main(ce_context *sc, int argc, char **argv) { (void)sc; (void)argc; (void)argv; return never_defined(); }
C
run "$cerium" run undefined.c
is_code 1
has_err 'cerium: undefined.c: cannot be loaded: '
has_err 'undefined symbol: never_defined'

# No compiler. The command itself needs nothing from PATH.
run env PATH= "$cerium" run good.c
is_code 1
is_err 'cerium: no C compiler found: install one with "apt-get install gcc" or set CC'

run env CC=no-such-compiler "$cerium" run good.c
is_code 1
is_err 'cerium: CC names the compiler no-such-compiler, which is not there'

run env CC=/bin/false "$cerium" run good.c
is_code 1
is_err 'cerium: good.c: does not compile'

printf '#!/bin/sh\nkill -9 $$\n' >killed
chmod +x killed
run env CC=./killed "$cerium" run good.c
is_code 1
is_err 'cerium: good.c: the compiler was ended by a signal: Killed'

# A compiler with arguments, and flags with quotes.
run env CC='gcc -DWORD="\"from CC\""' "$cerium" run good.c
is_code 0
is_out $'from CC\ngood.c from good.c'

run env CERIUM_CFLAGS="-O0 '-DWORD=\"two words\"'" "$cerium" run good.c
is_code 0
is_out $'two words\ngood.c from good.c'

# Strange names.
mkdir 'a folder'
cp good.c 'a folder/a #$ name.c'
run "$cerium" run 'a folder/a #$ name.c'
is_code 0
is_out 'a folder/a #$ name.c from a folder/a #$ name.c'

cp good.c ./-dash.c
run "$cerium" run -- -dash.c
is_code 0
is_out '-dash.c from ./-dash.c'

# A shared object is loaded as it is, also by a name without a folder.
gcc -shared -fPIC -I"$CERIUM_SOURCE/include" good.c -o good.so
run env PATH= "$cerium" run good.so
is_code 0
is_out 'good.so from good.c'

echo 'no object' >broken.so
run "$cerium" run broken.so
is_code 1
has_err 'cerium: broken.so: cannot be loaded: '

finish
