#!/usr/bin/env bash
# The cache: what is found in it, what makes the compiler run again, and what happens when it cannot be written.
source "$(dirname "${BASH_SOURCE[0]}")/common"

# A compiler that counts its runs.
mkdir bin
cat >bin/counting-cc <<S
#!/bin/sh
echo x >>"$work/runs.txt"
exec gcc "\$@"
S
chmod +x bin/counting-cc
export CC=$work/bin/counting-cc
: >runs.txt

# compiled N: the compiler has run N times so far.
compiled() {
    local runs
    runs=$(wc -l <runs.txt)
    [ "$runs" -eq "$1" ] || complain "the compiler has run $runs times, not $1"
}

objects() {
    find "$CERIUM_CACHE" -name '*.so' | wc -l
}

cat >program.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
#include "word.h"
int ce_main(ce_context *sc, int argc, char **argv)
{
    (void)sc;
    (void)argc;
    (void)argv;
    puts(WORD);
    return 0;
}
C
echo '#define WORD "one"' >word.h

run "$cerium" run program.c
is_out one
compiled 1
yes [ "$(objects)" -eq 1 ]
run "$cerium" run program.c
is_out one
is_err ''
compiled 1

# A header that was only touched is the same; one with other content is not, and its old object goes.
touch word.h
run "$cerium" run program.c
is_out one
compiled 1
echo '#define WORD "two"' >word.h
run "$cerium" run program.c
is_out two
compiled 2
yes [ "$(objects)" -eq 1 ]
run "$cerium" run program.c
is_out two
compiled 2

# A header that is gone is the compiler's to complain about.
mv word.h away.h
run "$cerium" run program.c
is_code 1
has_err 'word.h'
compiled 3
mv away.h word.h
run "$cerium" run program.c
is_out two
compiled 3

# The source, the flags and the compiler count.
sed -i 's/puts(WORD)/puts(WORD "!")/' program.c
run "$cerium" run program.c
is_out 'two!'
compiled 4
run env CERIUM_CFLAGS=-O1 "$cerium" run program.c
is_out 'two!'
compiled 5
run env CERIUM_CFLAGS=-O1 "$cerium" run program.c
compiled 5
echo '# changed' >>bin/counting-cc
run "$cerium" run program.c
compiled 6

# The same text in another folder has other headers.
mkdir other
cp program.c other
echo '#define WORD "other"' >other/word.h
cd other
run "$cerium" run program.c
is_out 'other!'
cd ..
run "$cerium" run other/program.c
is_out 'other!'
compiled 8
run "$cerium" run program.c
is_out 'two!'
compiled 8

# Records that are cut, or whose object is gone, are made again.
for record in "$CERIUM_CACHE"/*.record; do
    head -c 150 "$record" >cut.txt
    cp cut.txt "$record"
done
run "$cerium" run program.c
is_out 'two!'
compiled 9
rm "$CERIUM_CACHE"/*.so
run "$cerium" run program.c
is_out 'two!'
compiled 10
for record in "$CERIUM_CACHE"/*.record; do
    : >"$record"
done
run "$cerium" run program.c
is_out 'two!'
compiled 11

# Nothing is left lying about, and what a killed run left an hour ago is cleared away with the next compilation.
yes [ -z "$(find "$CERIUM_CACHE" -name 'new-*')" ]
touch "$CERIUM_CACHE/new-fresh.so"
touch -d '2 hours ago' "$CERIUM_CACHE/new-old.so"
run env CERIUM_CFLAGS=-DNEW "$cerium" run program.c
compiled 12
yes [ -e "$CERIUM_CACHE/new-fresh.so" ]
yes [ ! -e "$CERIUM_CACHE/new-old.so" ]

# At most 256 programs are kept: those that were used last.
for i in $(seq 300); do
    printf 'cerium-cache 1\nobject %032d.so\n' "$i" >"$CERIUM_CACHE/$(printf '%032d' "$i").record"
    touch -d "$((1000 - i)) minutes ago" "$CERIUM_CACHE/$(printf '%032d' "$i").record"
    : >"$CERIUM_CACHE/$(printf '%032d' "$i").so"
done
run env CERIUM_CFLAGS=-DNEWER "$cerium" run program.c
is_out 'two!'
yes [ "$(find "$CERIUM_CACHE" -name '*.record' | wc -l)" -eq 256 ]
yes [ ! -e "$CERIUM_CACHE/$(printf '%032d' 1).so" ]
yes [ -e "$CERIUM_CACHE/$(printf '%032d' 300).so" ]
run "$cerium" run program.c
is_out 'two!'
compiled 13

# Without a cache that can be written the program runs all the same, and leaves nothing.
: >file
mkdir temporary
for place in "$work/file/cache" /proc/none/cache; do
    run env TMPDIR="$work/temporary" CERIUM_CACHE="$place" "$cerium" run program.c
    is_code 0
    is_out 'two!'
    is_err ''
done
run env -u CERIUM_CACHE -u XDG_CACHE_HOME -u HOME TMPDIR="$work/temporary" "$cerium" run program.c
is_out 'two!'
yes [ -z "$(ls temporary)" ]
run env TMPDIR="$work/none" CERIUM_CACHE="$work/file/cache" "$cerium" run program.c
is_code 1
is_err 'cerium: no place to compile in: neither the cache nor TMPDIR can be written'

# Where it is.
run env -u CERIUM_CACHE XDG_CACHE_HOME="$work/xdg" "$cerium" run program.c
yes [ -d xdg/cerium ]
run env -u CERIUM_CACHE -u XDG_CACHE_HOME HOME="$work/home" "$cerium" run program.c
yes [ -d home/.cache/cerium ]
run env -u CERIUM_CACHE XDG_CACHE_HOME=relative HOME="$work/home" "$cerium" run program.c
yes [ ! -e relative ]

# Many at once, from nothing.
rm -rf "$CERIUM_CACHE"
for i in $(seq 8); do
    "$cerium" run program.c >"many-$i.txt" 2>&1 &
done
wait
for i in $(seq 8); do
    yes [ "$(cat "many-$i.txt")" = 'two!' ]
done
yes [ "$(objects)" -eq 1 ]

finish
