#!/usr/bin/env python3
# Runs one of the wide workloads in DuckDB or Polars and prints a line as the benchmark programs do: the best of some
# rounds, and the same checksum.
#
#   peers.py duckdb|polars WORKLOAD FILE... [OUT] [--threads N] [--rounds N] [--memory 1GB] [--folder DIR]
#
# Pairs are loaded into the engine's own tables first, which is not timed; records go from file to file. With --memory,
# for DuckDB, the pairs lie in a database file beside the data and what does not fit goes to the folder. Both engines
# are installed into a folder of the cache, outside of the source tree: CERIUM_CACHE, or ~/.cache/cerium.
import argparse
import os
import subprocess
import sys
import time
import venv

PACKAGES = {"duckdb": "2.0.1", "polars": "2.1.0", "numpy": "2.4.6"}
CACHE = os.environ.get("CERIUM_CACHE", os.path.expanduser("~/.cache/cerium"))
PLACE = os.path.join(CACHE, "peers-" + "-".join(PACKAGES.values()))
PYTHON = os.path.join(PLACE, "bin", "python")
CHUNK = 10_000_000  # pairs loaded at once
MASK = (1 << 64) - 1


def install():
    """The engines in exactly these versions, made under another name first: an interrupted attempt leaves nothing."""
    unfinished = f"{PLACE}.{os.getpid()}"
    if os.path.exists(PYTHON):
        return
    print(f"installing {', '.join(PACKAGES)} into {PLACE}", file=sys.stderr)
    venv.create(unfinished, with_pip=True)
    subprocess.check_call([os.path.join(unfinished, "bin", "python"), "-m", "pip", "install", "--quiet",
                           "--disable-pip-version-check", *(f"{name}=={is_}" for name, is_ in PACKAGES.items())])
    os.rename(unfinished, PLACE)


def pairs(path):
    """The keys and values of a file of pairs, some millions at a time."""
    import numpy
    count = os.path.getsize(path) // 16
    for first in range(0, count, CHUNK):
        rows = numpy.fromfile(path, dtype="<u8", count=2 * min(CHUNK, count - first), offset=16 * first).reshape(-1, 2)
        yield rows[:, 0].copy(), rows[:, 1].copy().view("<i8")


def text(count, total):
    return f"{int(count or 0)}:{int(total or 0) & MASK:016x}"


# ---- DuckDB ----

GROUPED = "(SELECT key, list(value) AS values_ FROM {table} GROUP BY key)"
DUCKDB = {
    "aggregate": "SELECT count(*), sum(xor(key, total::UBIGINT)) FROM "
                 "(SELECT key, sum(value) AS total FROM a GROUP BY key)",
    "distinct": "SELECT count(*), sum(key) FROM (SELECT DISTINCT key FROM a)",
    "join": "SELECT count(*), sum(xor(a.value, b.value)) FROM a JOIN b ON a.key = b.key",
    "group": "SELECT count(*), sum(xor(key, (list_sum(values_) + len(values_))::UBIGINT)) FROM "
             + GROUPED.format(table="a"),
    "cogroup": "SELECT count(*), sum(xor(coalesce(x.key, y.key), (31 * coalesce(list_sum(x.values_), 0) + 17 * "
               "coalesce(list_sum(y.values_), 0) + 3 * coalesce(len(x.values_), 0) + coalesce(len(y.values_), 0))"
               "::UBIGINT)) FROM " + GROUPED.format(table="a") + " x FULL JOIN " + GROUPED.format(table="b")
               + " y ON x.key = y.key",
}


def duckdb_load(connection, name, path):
    connection.execute(f"CREATE TABLE {name} (key UBIGINT, value BIGINT)")
    for keys, values in pairs(path):
        chunk = {"key": keys, "value": values}  # DuckDB finds it by its name
        connection.execute(f"INSERT INTO {name} SELECT * FROM chunk")
        del chunk


def duckdb_database(path):
    """A database file with the pairs of a file as its table a, made once, by a process of its own."""
    import duckdb
    database = path + ".duckdb"
    if not os.path.exists(database):
        unfinished = f"{database}.{os.getpid()}"
        if os.fork() == 0:
            with duckdb.connect(unfinished) as connection:
                duckdb_load(connection, "a", path)
            os._exit(0)
        if os.wait()[1] != 0:
            sys.exit(f"{database} cannot be made")
        os.rename(unfinished, database)
    return database


def duckdb_connect(options):
    import duckdb
    bounded = options.memory and options.workload != "sort"
    connection = duckdb.connect(duckdb_database(options.files[0]) if bounded else ":memory:", read_only=bool(bounded))
    connection.execute(f"SET threads = {options.threads}")
    connection.execute(f"SET temp_directory = '{options.folder}/duckdb-{os.getpid()}.tmp'")
    if options.memory:
        connection.execute(f"SET memory_limit = '{options.memory}'")
    if options.workload != "sort" and not bounded:
        for name, path in zip("ab", options.files):
            duckdb_load(connection, name, path)
    return connection


def duckdb_job(options):
    connection = duckdb_connect(options)
    if options.workload != "sort":
        return lambda: text(*connection.execute(DUCKDB[options.workload]).fetchone())
    source, target = options.files
    lines = (f"read_csv('{source}', columns = {{'line': 'VARCHAR'}}, header = false, auto_detect = false, "
             "delim = '\t', quote = '', escape = '')")

    def sort():
        connection.execute(f"COPY (SELECT line FROM {lines} ORDER BY line[1:10]) TO '{target}' "
                           "(FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '')")
        return "0"
    return sort


# ---- Polars ----

def polars_frame(path):
    import polars
    return polars.concat([polars.DataFrame({"key": keys, "value": values}) for keys, values in pairs(path)],
                         rechunk=True)


def polars_job(options):
    os.environ["POLARS_MAX_THREADS"] = str(options.threads)
    import polars as pl
    if options.workload == "sort":
        source, target = options.files

        def sort():
            lines = pl.scan_csv(source, has_header=False, new_columns=["line"], separator="\t", quote_char=None,
                                schema_overrides={"line": pl.String})
            lines.sort(pl.col("line").str.slice(0, 10)).sink_csv(target, include_header=False, separator="\t",
                                                                 quote_style="never")
            return "0"
        return sort
    tables = [polars_frame(path).lazy() for path in options.files]
    key, value, unsigned = pl.col("key"), pl.col("value"), pl.UInt64

    def lists(table, name):
        return table.group_by("key").agg(value.alias(name))

    def numbers(name, times_sum, times_count):
        sum_, count = pl.col(name).list.sum().fill_null(0), pl.col(name).list.len().fill_null(0)
        return (times_sum * sum_ + times_count * count).cast(unsigned)

    def query():
        a, b = tables[0], tables[-1]
        return {
            "aggregate": lambda: a.group_by("key").agg(value.sum()).select(key ^ value.cast(unsigned)),
            "distinct": lambda: a.select(key.unique()),
            "join": lambda: a.join(b, on="key").select((value ^ pl.col("value_right")).cast(unsigned)),
            "group": lambda: lists(a, "x").select(key ^ numbers("x", 1, 1)),
            "cogroup": lambda: lists(a, "x").join(lists(b, "y"), on="key", how="full", coalesce=True)
                                            .select(key ^ (numbers("x", 31, 3) + numbers("y", 17, 1))),
        }[options.workload]()

    def run():
        column = pl.all()
        return text(*query().select(column.len().alias("count"), column.sum().alias("sum")).collect().row(0))
    return run


def main():
    parser = argparse.ArgumentParser(prog="bench/peers.py", description="Runs a workload in DuckDB or Polars.")
    parser.add_argument("engine", choices=["duckdb", "polars"])
    parser.add_argument("workload", choices=[*DUCKDB, "sort"])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", help="memory limit of DuckDB, such as 1GB")
    parser.add_argument("--folder", default=os.environ.get("TMPDIR", "/tmp"), help="for what does not fit")
    options = parser.parse_args()
    if sys.prefix != PLACE:
        install()
        os.execv(PYTHON, [PYTHON, *sys.argv])
    job = duckdb_job(options) if options.engine == "duckdb" else polars_job(options)
    best, result = float("inf"), None
    for _ in range(options.rounds):
        if options.workload == "sort" and os.path.exists(options.files[1]):
            os.remove(options.files[1])
        begin = time.perf_counter()
        result = job()
        best = min(best, time.perf_counter() - begin)
    print(f"seconds={best:.6f} result={result}")


if __name__ == "__main__":
    main()
