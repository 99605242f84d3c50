"""A running Spark, and what the files of cases share: inputs, texts of values, and one line
for each case.

The cases go through Spark's Java API, a thin skin over the Scala RDDs, because
PySpark has Python versions of many operations that behave differently; see
OracleFunctions.java.  README.md tells the format of the lines.
"""

import os
import re
import sys
import tempfile

from py4j.java_collections import JavaArray, JavaList, JavaMap
from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext

CLASSES, OUT = sys.argv[1], sys.argv[2]
INF, NAN = float("inf"), float("nan")

work = os.path.realpath(tempfile.mkdtemp(prefix="spark-goldens-"))
conf = (SparkConf().setMaster("local[2]").setAppName("goldens")
        .set("spark.ui.enabled", "false")
        .set("spark.ui.showConsoleProgress", "false")
        .set("spark.driver.extraClassPath", CLASSES)
        .set("spark.log.level", "OFF")
        .set("spark.driver.extraJavaOptions", "-Dlog4j2.level=OFF")
        .set("spark.local.dir", work + "/local"))
sc = SparkContext(conf=conf)
sc.setLogLevel("OFF")
jvm, jsc = sc._jvm, sc._jsc
F = jvm.cerium.oracle.OracleFunctions
Tuple2, Hash = jvm.scala.Tuple2, jvm.org.apache.spark.HashPartitioner

lines, names = [], set()


# ---- text of values ----

def escape(s):
    return (s.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
            .replace("\t", "\\t"))


def text(v):
    """The canonical text of a value that came from the JVM or from Python."""
    if v is None:
        return "null"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (int, float)):
        return repr(v)
    if isinstance(v, str):
        return escape(v) if v else '""'
    if isinstance(v, tuple):
        return "(" + ",".join(text(x) for x in v) + ")"
    if isinstance(v, (list, JavaList, JavaArray)):
        return "[" + ",".join(text(x) for x in v) + "]"
    if isinstance(v, JavaObject):
        cls = v.getClass().getName()
        if cls.startswith("scala.Tuple2"):
            return "(" + text(v._1()) + "," + text(v._2()) + ")"
        if cls.endswith(".Optional"):
            return text(v.orNull())
        it = v.iterator()
        out = []
        while it.hasNext():
            out.append(text(it.next()))
        return "[" + ",".join(out) + "]"
    raise TypeError(type(v))


def items(v):
    if isinstance(v, JavaMap):
        # Not by key: a Long that went through Python comes back as an Integer.
        return ["(" + text(e.getKey()) + "," + text(e.getValue()) + ")"
                for e in rows(v.entrySet())]
    return [text(x) for x in v]


# ---- cases ----

def emit(name, form, value):
    assert name not in names, name
    names.add(name)
    lines.append(name + "\t" + form + "\t" + value)


def failure(e):
    """Class and first line of a Java exception, without what changes by run."""
    java = e.java_exception
    msg = (java.getMessage() or "").split("\n")[0]
    if msg == "Job aborted." and java.getCause() is not None:
        # The writer hides the reason at the end of the chain of causes.
        root = java
        while root.getCause() is not None:
            root = root.getCause()
        msg += " " + root.getClass().getName() + ": " + (root.getMessage() or "").split("\n")[0]
    msg = re.sub(r"([Tt]ask) \d+(\.\d+)? in stage \d+\.\d+", r"\1 # in stage #", msg)
    msg = re.sub(r"\(TID \d+\) \([^)]*\)", "(TID #) (HOST)", msg)
    msg = msg.replace("file:" + work, "DIR").replace(work, "DIR")
    return java.getClass().getSimpleName() + ": " + escape(msg)


def case(name, form, run):
    """Writes one line; to throw is right for an error case only."""
    try:
        v = run()
        assert form != "error", name + " did not fail"
    except Py4JJavaError as e:
        if form != "error":
            raise
        emit(name, "error", failure(e))
        return
    if form == "list" or form == "parts":
        emit(name, form, text(v))
    elif form == "bags":
        emit(name, form, "[" + ",".join("[" + ",".join(sorted(items(p))) + "]" for p in v) + "]")
    elif form == "set":
        emit(name, form, "[" + ",".join(sorted(items(v))) + "]")
    elif form == "scalar":
        emit(name, form, text(v))
    else:
        raise ValueError(form)


def section(title):
    lines.append("# " + title)


# ---- makers ----

def P(values, n):
    return jsc.parallelize(list(values), n)


def PP(pairs, n):
    return jsc.parallelizePairs([Tuple2(k, v) for k, v in pairs], n)


def D(values, n):
    return jsc.parallelizeDoubles([float(x) for x in values], n)


def empty():
    return jsc.emptyRDD()


def doubles(values):
    a = sc._gateway.new_array(jvm.double, len(values))
    for i, x in enumerate(values):
        a[i] = float(x)
    return a


def glom(rdd):
    return rdd.glom().collect()


def drain():
    """Waits until the status store has seen every event."""
    jsc.sc().listenerBus().waitUntilEmpty()


def jobs(run):
    """The jobs that an action runs, as the status store's job records."""
    jobs.group += 1
    group = "g%d" % jobs.group
    jsc.setJobGroup(group, "")
    run()
    jsc.clearJobGroup()
    drain()
    ids = sorted(sc.statusTracker().getJobIdsForGroup(group))
    return [jsc.sc().statusStore().job(i) for i in ids]


jobs.group = 0


def shape(run):
    """[stages run, stages skipped, tasks run, tasks skipped] of each job."""
    return [[j.numCompletedStages(), j.numSkippedStages(), j.numCompletedTasks(),
             j.numSkippedTasks()] for j in jobs(run)]


def lineage(rdd):
    """toDebugString with ids counted from 0 and without call sites and folders."""
    s = rdd.toDebugString().replace("file:" + work, "DIR").replace(work, "DIR")
    ids = sorted({int(x) for x in re.findall(r"RDD\[(\d+)\]", s)})
    s = re.sub(r"RDD\[(\d+)\]", lambda m: "RDD[%d]" % ids.index(int(m.group(1))), s)
    return re.sub(r"( at \w+) at \S+:\d+", r"\1", s)


def path(name):
    return os.path.join(work, name)


def put(name, data):
    p = path(name)
    os.makedirs(os.path.dirname(p), exist_ok=True)
    with open(p, "wb") as f:
        f.write(data)
    return p


# The shapes that edge cases are run over.  "hollow" has rows in the middle
# partitions only.
def shapes():
    return [
        ("norows0", empty()),
        ("norows3", P([], 3)),
        ("one1", P([7], 1)),
        ("one3", P([7], 3)),
        ("few", P([1, 2], 5)),
        ("many", P(range(1, 11), 3)),
        ("hollow", P(range(1, 7), 6).filter(F.greater(2)).map(F.mod(5))),
    ]


def drained(rdd):
    it = rdd.toLocalIterator()
    while it.hasNext():
        it.next()


def grouped(rdd):
    """The groups of a grouped RDD with the rows of each sorted, as tuples."""
    return [(t._1(), sorted(rows(t._2()))) for t in rdd.collect()]


def rows(iterable):
    it, out = iterable.iterator(), []
    while it.hasNext():
        out.append(it.next())
    return out


def no_pairs(n):
    return (P([], n) if n else empty()).mapToPair(F.pairSame())


def has(rdd):
    return rdd.partitioner().isPresent()
