#!/usr/bin/env bash
# Every kind of bad input gives one sentence with the place and an exit status that is not 0, and leaves nothing behind
# that looks like a complete output.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/common"

cat >bad.c <<'C'
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CE_PAIR(int_pair, int64_t, int64_t);

static inline int64_t twice(int64_t x) { return 2 * x; }
CE_MAP(twice, int64_t, int64_t)

static inline int64_t add(int64_t a, int64_t b) { return a + b; }
CE_REDUCE(add, int64_t)

static inline int64_t length(ce_str s) { return s.bytes; }
CE_MAP(length, ce_str, int64_t)

static inline int_pair pair_of(int64_t x) { return (int_pair){x, x}; }
CE_MAP(pair_of, int64_t, int_pair)

static inline uint32_t nowhere(int64_t key, uint32_t partitions) { return key == 700 ? partitions + 5 : 0; }
CE_PARTITIONER(nowhere, int64_t)

CE_RECORD(bounds, (int64_t, low), (int64_t, high));
static inline bool inside(int64_t x, const bounds *b) { return x >= b->low && x < b->high; }
CE_FILTER_WITH(inside, int64_t, bounds)

static inline bool refuse(int64_t x)
{
    if (x == 700) {
        ce_fail("no %d, please", (int)x);
    }
    return true;
}
CE_FILTER(refuse, int64_t)

static inline bool poke(int64_t x)
{
    if (x == 700) {
        *(volatile char *)8 = 1;
    }
    return true;
}
CE_FILTER(poke, int64_t)

static inline bool divide(int64_t x) { return 1000 / (int)(x - 700) != 3; }
CE_FILTER(divide, int64_t)

static inline bool give_up(int64_t x)
{
    if (x == 700) {
        abort();
    }
    return true;
}
CE_FILTER(give_up, int64_t)

static int64_t __attribute__((noinline)) dive(volatile int64_t x)
{
    volatile char room[4096];
    room[x & 4095] = 1;
    return x == -1 ? 0 : dive(x + 1) + room[(x + 1) & 4095];
}
static inline bool sink(int64_t x) { return x != 700 || dive(1) == 0; }
CE_FILTER(sink, int64_t)

static inline bool slowly(int64_t x)
{
    usleep(x < 300 ? 0 : 4000);
    return true;
}
CE_FILTER(slowly, int64_t)

static ce_rdd *many_maps(ce_rdd *rdd)
{
    for (int i = 0; i < 100000; i++) {
        rdd = ce_map(rdd, twice);
    }
    return rdd;
}

#define IS(word) (strcmp(what, word) == 0)

static ce_rdd *dataset(ce_context *sc, const char *what, const char *path, ce_rdd *n)
{
    if (IS("type")) return ce_map(n, length);
    if (IS("kind")) return ce_map(n, refuse);
    if (IS("pair")) return ce_reduce_by_key(n, add);
    if (IS("union")) return ce_union(n, ce_map(n, pair_of));
    if (IS("null rdd")) return ce_map((ce_rdd *)NULL, twice);
    if (IS("null of two")) return ce_zip(n, (ce_rdd *)NULL);
    if (IS("null context")) return ce_range(NULL, 0, 3, 1, 1);
    if (IS("null function")) return ce_map_at(n, NULL, NULL, CE_SITE);
    if (IS("null env")) return ce_filter(n, inside);
    if (IS("null path")) return ce_text_file(sc, NULL);
    if (IS("null values")) return ce_parallelize(sc, int64_t, NULL, 3, 1);
    if (IS("null command")) return ce_pipe(n, NULL);
    if (IS("coalesce 0")) return ce_coalesce(n, 0);
    if (IS("repartition 0")) return ce_repartition(n, 0);
    if (IS("repartition -1")) return ce_repartition(n, (uint32_t)-1);
    if (IS("reduce -1")) return ce_reduce_by_key_n(ce_map(n, pair_of), add, (uint32_t)-1);
    if (IS("range -1")) return ce_range(sc, 0, 9, 1, (uint32_t)-1);
    if (IS("step 0")) return ce_range(sc, 0, 9, 0, 1);
    if (IS("fraction")) return ce_sample(n, false, 2, 1);
    if (IS("zip partitions")) return ce_zip(n, ce_range(sc, 0, 1000, 1, 3));
    if (IS("zip rows")) return ce_zip(n, ce_range(sc, 0, 999, 1, 4));
    if (IS("records 0")) return ce_binary_records(sc, path, 0);
    if (IS("records")) return ce_binary_records(sc, path, 8);
    if (IS("lines")) return ce_text_file(sc, path);
    if (IS("files")) return ce_whole_text_files(sc, path);
    if (IS("no program")) return ce_pipe(n, "no-such-program -x");
    if (IS("program fails")) return ce_pipe(n, "sh -c false");
    if (IS("refuse")) return ce_filter(n, refuse);
    if (IS("partitioner")) return ce_partition_by_with(ce_map(n, pair_of), nowhere, 3);
    if (IS("glom")) return ce_glom(ce_range(sc, 0, 1000000, 1, 1));
    if (IS("deep")) return many_maps(n);
    if (IS("poke")) return ce_filter(n, poke);
    if (IS("divide")) return ce_filter(n, divide);
    if (IS("give up")) return ce_filter(n, give_up);
    if (IS("sink")) return ce_filter(n, sink);
    if (IS("slow")) return ce_filter(n, slowly);
    return n;
}

/* bad.c WHAT [PATH [OUT]] */
int ce_main(ce_context *sc, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[2] : NULL;
    ce_rdd *rdd = dataset(sc, what, path, ce_range(sc, 0, 1000, 1, 4));
    ce_result rows;
    uint64_t count;
    if (argc > 3) return ce_save_as_text_file(rdd, argv[3]);
    if (IS("null save")) return ce_save_as_text_file(rdd, NULL);
    if (IS("count null")) return ce_count(NULL, &count);
    if (IS("first of none")) return ce_first(ce_empty(sc, int64_t), &rows);
    ce_status status = ce_collect(rdd, &rows);
    if (status == CE_OK) {
        printf("%d rows\n", (int)rows.count);
        ce_result_free(&rows);
    }
    return status;
}
C

# at CODE: the place of the one line that has this code.
at() {
    echo "bad.c:$(grep -nF "$1" bad.c | cut -d: -f1)"
}

# fails STATUS SENTENCE ARGUMENT...: the program does, with this sentence alone.
fails() {
    local status=$1 sentence=$2
    shift 2
    run "$cerium" run --master "${master:-local[2]}" bad.c "$@"
    [ "$code" -eq "$status" ] || complain "the exit code is not $status"
    [ "$err" = "cerium: $sentence" ] || complain "standard error is not: cerium: $sentence"
    [ -z "$out" ] || complain 'there is output'
}

run "$cerium" run bad.c
is_code 0
is_out '1000 rows'

# ---- wrong use: the place is that of the call ----

fails 2 "$(at 'ce_map(n, length)'): map: length takes str, has int64" type
fails 2 "$(at 'ce_map(n, refuse)'): map: refuse was stamped with CE_FILTER, needs CE_MAP" kind
fails 2 "$(at 'ce_reduce_by_key(n, add)'): reduce_by_key: needs pair(K, V), has int64" pair
fails 2 "$(at 'ce_union(n,'): union: needs RDDs of one type, has int64 and pair(int64, int64)" union
fails 1 "$(at 'ce_map((ce_rdd *)NULL'): map: the RDD is NULL" 'null rdd'
fails 1 "$(at 'ce_zip(n, (ce_rdd *)NULL)'): zip: the RDD is NULL" 'null of two'
fails 1 "$(at 'ce_range(NULL'): range: the context is NULL" 'null context'
fails 1 "$(at 'ce_map_at(n, NULL'): map: the function is NULL" 'null function'
fails 1 "$(at 'ce_filter(n, inside)'): filter: inside needs an environment: use ce_filter_with" 'null env'
fails 1 "$(at 'ce_text_file(sc, NULL)'): text_file: the path is NULL" 'null path'
fails 1 "$(at 'ce_parallelize(sc, int64_t, NULL'): parallelize: the values are NULL" 'null values'
fails 1 "$(at 'ce_pipe(n, NULL)'): pipe: the command is NULL" 'null command'
fails 1 "$(at 'ce_coalesce(n, 0)'): coalesce: Number of partitions (0) must be positive." 'coalesce 0'
fails 1 "$(at 'ce_repartition(n, 0)'): repartition: Number of partitions (0) must be positive." 'repartition 0'
fails 1 "$(at 'ce_repartition(n, (uint32_t)-1)'): repartition: Number of partitions (-1) must be positive." \
    'repartition -1'
fails 1 "$(at 'IS("reduce -1")'): reduce_by_key: Number of partitions (-1) must be positive." 'reduce -1'
fails 1 "$(at 'IS("range -1")'): range: Positive number of partitions required" 'range -1'
fails 1 "$(at 'ce_range(sc, 0, 9, 0, 1)'): range: step cannot be 0" 'step 0'
fails 1 "$(at 'ce_sample(n, false, 2, 1)'): sample: Sampling fraction (2.0) must be on interval [0, 1]" fraction
fails 1 "$(at 'IS("zip partitions")'): zip: Can't zip RDDs with unequal numbers of partitions: List(4, 3)" \
    'zip partitions'
fails 1 "$(at 'ce_range(sc, 0, 1000, 1, 4));'): save_as_text_file: the path is NULL" 'null save'
fails 1 'the RDD is NULL' 'count null'
fails 9 "$(at 'IS("first of none")'): first: empty collection" 'first of none'
deep="the lineage is deeper than 5000 operators; collect or save, and start again from the result"
fails 14 "$(at 'rdd = ce_map(rdd, twice)'): map: $deep" deep

# ---- inputs ----

mkdir folder empty_folder
seq 100000 >numbers.txt
printf 'nine byte' >nine
ln -s loop loop
gzip -c numbers.txt >good.gz
head -c 5000 good.gz >truncated.gz
{ head -c 5000 good.gz; head -c 3000 /dev/zero; tail -c +8001 good.gz; } >corrupt.gz
echo 'no gzip' >text.gz
lines=$(at 'IS("lines")')
task="task 0 of stage 0 (text_file at $lines) failed 1 time:"

fails 3 "$lines: text_file: Input path does not exist: none" lines none
fails 3 "$lines: text_file: Input path does not exist: none" lines nine,none
fails 1 "$lines: text_file: the path is empty" lines ''
fails 3 "$lines: text_file: Input path pattern no*.txt matches no files" lines 'no*.txt'
fails 5 "$lines: text_file: nine/x: cannot look up: Not a directory" lines nine/x
fails 5 "$lines: text_file: loop: cannot look up: Too many levels of symbolic links" lines loop
fails 14 "$lines: text_file: /dev/null: is neither a file nor a directory" lines /dev/null
fails 7 "$task truncated.gz: truncated gzip data at byte 5000" lines truncated.gz
fails 7 "$task text.gz: corrupt gzip data at byte 2: incorrect header check" lines text.gz
run "$cerium" run bad.c lines corrupt.gz
is_code 7
has_err "$task corrupt.gz: corrupt gzip data at byte "
if command -v zstd >/dev/null; then
    zstd -q numbers.txt -o good.zst
    head -c 5000 good.zst >truncated.zst
    echo 'no zstd' >text.zst
    fails 7 "$task truncated.zst: truncated zstd data at byte 5000" lines truncated.zst
    fails 7 "$task text.zst: corrupt zstd data at byte 0: Unknown frame descriptor" lines text.zst
else
    echo 'skipped: zstd, which is not installed'
fi
files=$(at 'IS("files")')
fails 3 "$files: whole_text_files: Input path does not exist: none" files none
fails 5 "task 0 of stage 0 (whole_text_files at $files) failed 1 time: /proc/self/mem: cannot read at byte 0:\
 Input/output error" files /proc/self/mem
records=$(at 'IS("records")')
fails 7 "$records: binary_records: nine: its 9 bytes are no whole number of records of 8 bytes" records nine
fails 1 "$(at 'IS("records 0")'): binary_records: records of 0 bytes" 'records 0' nine

# Where root is, permissions do not count: somebody else must ask.
echo secret >secret.txt
mkdir secret_folder
chmod 000 secret.txt secret_folder
chmod 711 "$work"
gcc -shared -fPIC -I"$CERIUM_SOURCE/include" bad.c -o bad.so
# as_nobody PATH: reads the lines of PATH.
as_nobody() {
    if [ "$(id -u)" -eq 0 ]; then
        run setpriv --reuid=65534 --regid=65534 --clear-groups "$cerium" run bad.so "$@"
    else
        run "$cerium" run bad.so "$@"
    fi
}
as_nobody lines nine
if [ "$code" -eq 0 ]; then
    as_nobody lines secret.txt
    is_code 5
    has_err "(text_file at $lines) failed 1 time: secret.txt: cannot open: Permission denied"
    yes [ "$(wc -l <err.txt)" -eq 1 ]
    as_nobody lines secret_folder
    is_code 5
    is_err "cerium: $lines: text_file: secret_folder: cannot list: Permission denied"
    if [ "$(id -u)" -eq 0 ]; then
        as_nobody '' '' output
        is_code 5
        is_err 'cerium: output: cannot create the directory: Permission denied'
    fi
else
    echo "skipped: permissions, because nobody cannot run $cerium here"
fi
chmod 700 secret_folder

# ---- outputs ----

fails 4 'Output directory empty_folder already exists' '' '' empty_folder
fails 4 'Output directory nine already exists' '' '' nine
fails 5 'nine/output: cannot create the directory: Not a directory' '' '' nine/output
fails 5 'nine/deep: cannot create the directory: Not a directory' '' '' nine/deep/output
yes [ -z "$(ls -A empty_folder)" ]
yes [ "$(cat nine)" = 'nine byte' ]

# A parent that is missing is made, and goes again when the job fails.
run "$cerium" run bad.c '' '' deep/down/output
is_code 0
yes [ -e deep/down/output/_SUCCESS ]
for master in inline 'local[2]' 'local[2,3]'; do
    run "$cerium" run --master "$master" bad.c lines good.gz,truncated.gz deeper/down/output
    is_code 7
    yes [ ! -e deeper ]
    run "$cerium" run --master "$master" bad.c refuse '' output
    is_code 10
    yes [ ! -e output ]
done
unset master

# full TIMES COMMAND...: in a folder named full, on a disk of 64 KiB.
full() {
    mkdir -p full
    unshare -m bash -c 'mount -t tmpfs -o size=64k tmpfs full && exec "$@"' full "$@"
}
if full true 2>/dev/null; then
    run full bash -c '"$0" run bad.c lines numbers.txt full/output; code=$?; ls -A full; exit $code' "$cerium"
    is_code 6
    has_err "cerium: task "
    has_err "(save_text at $lines) failed 1 time: full/output/_temporary/part-0000"
    has_err ": cannot write: No space left on device"
    yes [ "$(wc -l <err.txt)" -eq 1 ]
    is_out ''
else
    echo 'skipped: a full disk, because nothing can be mounted here'
fi
# A file that may not grow stands for a disk that is full where nothing can be mounted.
run bash -c 'trap "" XFSZ; ulimit -f 64; exec "$0" run bad.so lines numbers.txt output' "$cerium"
is_code 5
has_err "(save_text at $lines) failed 1 time: output/_temporary/part-0000"
has_err ": cannot write: File too large"
yes [ ! -e output ]

# ---- the program ----

mkdir folder.c
run "$cerium" run folder.c
is_code 1
is_err 'cerium: folder.c: cannot be read: Is a directory'

echo 'int main(void) { return 0; }' >no_entry.c
run "$cerium" run no_entry.c
is_code 1
is_err 'cerium: no_entry.c: has no function ce_main(ce_context *, int, char **)'

echo 'int ce_main(void) { return nowhere; }' >wrong.c
run "$cerium" run wrong.c
is_code 1
has_err 'wrong.c:1:28: error:'
has_err 'cerium: wrong.c: does not compile'

run env CERIUM_CACHE="$work/other" PATH= "$cerium" run bad.c
is_code 1
is_err 'cerium: no C compiler found: install one with "apt-get install gcc" or set CC'

# ---- user functions ----

refuse=$(at 'IS("refuse")')
fails 10 "task 2 of stage 0 (filter at $refuse) failed 1 time: $refuse: filter(refuse): no 700, please" refuse
master='local[2,3]'
fails 10 "task 2 of stage 0 (filter at $refuse) failed 3 times: $refuse: filter(refuse): no 700, please" refuse
unset master
partitioner=$(at 'IS("partitioner")')
fails 10 "task 2 of stage 0 (map at $partitioner) failed 1 time: $partitioner: partition_by(nowhere): partitioner\
 nowhere answered partition 8 of 3" partitioner
zip=$(at 'IS("zip rows")')
master=inline
fails 1 "task 0 of stage 0 (zip at $zip) failed 1 time: $zip: zip: Can only zip RDDs with same number of elements in\
 each partition" 'zip rows'
unset master
program=$(at 'IS("no program")')
master=inline
fails 3 "task 0 of stage 0 (pipe at $program) failed 1 time: Cannot run \"no-such-program -x\": no-such-program: cannot\
 start the program: No such file or directory" 'no program'
program=$(at 'IS("program fails")')
fails 10 "task 0 of stage 0 (pipe at $program) failed 1 time: Subprocess exited with status 1. Command ran: sh -c\
 false" 'program fails'
unset master

# crashes STATUS SIGNAL WHAT FUNCTION: the report names operator, place, stage and partition; no output is left.
crashes() {
    run "$cerium" run --master 'local[2]' bad.c "$3" '' output
    [ "$code" -eq "$1" ] || complain "the exit code is not $1"
    [ "$err" = "cerium: $2 in a user function: $(at "IS(\"$3\")"): filter($4), stage 0, partition 2, attempt 0" ] ||
        complain "this is no report of $2"
    [ ! -e output/_SUCCESS ] && [ -z "$(find output -maxdepth 1 -name 'part-*')" ] ||
        complain 'an output is left that looks complete'
    rm -rf output
}
crashes 139 SIGSEGV poke poke
crashes 136 SIGFPE divide divide
crashes 134 SIGABRT 'give up' give_up
crashes 139 SIGSEGV sink sink

# ---- settings ----

run "$cerium" run --conf batch_row=1 bad.c
is_code 2
is_err 'cerium: there is no setting batch_row; the nearest name is batch_rows'
run "$cerium" run --conf batch_rows=0 bad.c
is_code 2
is_err 'cerium: batch_rows: must be 1 to 64k rows, not 0'
run env CERIUM_BATCH_ROWS=1g "$cerium" run bad.c
is_code 1
is_err 'cerium: CERIUM_BATCH_ROWS of the environment: batch_rows: must be 1 to 64k rows, not 1g'
for wrong in spark 'local[0]' 'local[x]' 'local[2' ''; do
    run "$cerium" run --master "$wrong" bad.c
    is_code 1
    has_err "cerium: master \"$wrong\" is none of inline, local, local[N], local[*], local[N,F]"
    yes [ "$(wc -l <err.txt)" -eq 1 ]
done
run "$cerium" run --conf memory_bytes_max=4m bad.c glom
is_code 8
has_err "(glom at $(at 'IS("glom")')) failed 1 time: out of memory: "
has_err 'exceed the limit of 4194304'
yes [ "$(wc -l <err.txt)" -eq 1 ]

# ---- the end in the middle of a save ----

# Rows of the first task come at once, those of the others take their time: one part is whole, others are begun.
set -m
save_and_send() {
    local signal=$1 tries
    "$cerium" run --master 'local[2]' bad.c slow '' output >out.txt 2>err.txt &
    local process=$!
    for tries in $(seq 1000); do
        [ ! -e output/_temporary/part-00000 ] || break
        sleep 0.01
    done
    kill "-$signal" "$process"
    wait "$process" 2>/dev/null
    code=$? out=$(cat out.txt) err=$(cat err.txt)
}
save_and_send INT
is_code 130
is_err ''
yes [ ! -e output ]
save_and_send KILL
is_code 137
yes [ -e output/_temporary/part-00000 ]
yes [ ! -e output/_SUCCESS ]
yes [ -z "$(find output -maxdepth 1 -name 'part-*')" ]
set +m
fails 4 'Output directory output already exists' '' '' output # nobody takes the remains for a result, or removes them

finish
