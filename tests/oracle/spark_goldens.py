"""Runs small cases with a real Apache Spark and writes what it answers.

Usage: spark_goldens.py CLASSES OUT    (make_goldens.sh calls it)
"""

import gzip
import os
import shutil

from spark_session import *
from wide_goldens import wide_cases


def basics():
    section("partitions and rows of the shapes that the next cases start from")
    for n, r in shapes():
        case("glom-" + n, "parts", lambda: glom(r))
        case("partitions-" + n, "scalar", lambda: r.getNumPartitions())
        case("count-" + n, "scalar", lambda: r.count())
        case("isempty-" + n, "scalar", lambda: r.isEmpty())
        case("map-times10-" + n, "parts", lambda: glom(r.map(F.times(10))))
        case("flatmap-upto-" + n, "parts", lambda: glom(r.flatMap(F.upTo())))
        case("filter-gt3-" + n, "parts", lambda: glom(r.filter(F.greater(3))))
        case("mappartitions-sum-" + n, "list", lambda: r.mapPartitions(F.partitionSum()).collect())
        case("zipwithindex-" + n, "parts", lambda: glom(r.zipWithIndex()))
        case("zipwithuniqueid-" + n, "parts", lambda: glom(r.zipWithUniqueId()))
        case("zipwithindex-jobs-" + n, "scalar", lambda: len(jobs(lambda: r.zipWithIndex())))
        for op, f in (("reduce-plus", lambda: r.reduce(F.plus())),
                      ("first", lambda: r.first()),
                      ("max", lambda: r.max(F.natural())),
                      ("min", lambda: r.min(F.natural()))):
            case(op + "-" + n, "error" if n.startswith("norows") else "scalar", f)
        for zero in (0, 1):
            case("fold-plus-zero%d-%s" % (zero, n), "scalar", lambda: r.fold(zero, F.plus()))
            case("aggregate-count-zero%d-%s" % (zero, n), "scalar",
                 lambda: r.aggregate(zero, F.countRow(), F.plus()))
        case("take2-" + n, "list", lambda: r.take(2))
        case("takeordered2-" + n, "list", lambda: r.takeOrdered(2, F.natural()))
        case("top2-" + n, "list", lambda: r.top(2, F.natural()))
        case("countbyvalue-" + n, "set", lambda: r.countByValue())
        case("distinct-" + n, "set", lambda: r.distinct().collect())
        case("distinct-partitions-" + n, "scalar", lambda: r.distinct().getNumPartitions())
        case("tolocaliterator-jobs-" + n, "scalar",
             lambda: len(jobs(lambda: drained(r))))

    section("the small RDD of Spark's own basic test")
    r = P([1, 2, 3, 4], 2)
    case("basic-collect", "list", lambda: r.collect())
    case("basic-reduce", "scalar", lambda: r.reduce(F.plus()))
    case("basic-fold", "scalar", lambda: r.fold(0, F.plus()))
    case("basic-filter", "list", lambda: r.filter(F.greater(2)).collect())
    case("basic-flatmap", "list", lambda: r.flatMap(F.upTo()).collect())
    case("basic-glom", "list", lambda: glom(r))
    case("basic-keyby", "list", lambda: r.keyBy(F.text()).collect())
    case("basic-partitionsum", "list", lambda: r.mapPartitions(F.partitionSum()).collect())
    case("basic-partitionsum-index", "list",
         lambda: r.mapPartitionsWithIndex(F.partitionSumWithIndex(), False).collect())
    case("basic-max", "scalar", lambda: r.max(F.natural()))
    case("basic-min", "scalar", lambda: r.min(F.natural()))
    case("basic-filter-reduce-none", "error", lambda: r.filter(F.greater(5)).reduce(F.plus()))
    case("distinct-count", "scalar", lambda: P([1, 1, 2, 2, 3, 3, 4, 4], 2).distinct().count())
    case("distinct-to3", "bags", lambda: glom(P([1, 1, 2, 2, 3, 3, 4, 4], 2).distinct(3)))
    case("isempty-filter-all", "scalar", lambda: P([1, 2, 3], 3).filter(F.greater(3)).isEmpty())
    case("isempty-filter-some", "scalar", lambda: P([1, 2, 3], 3).filter(F.greater(1)).isEmpty())
    case("runjob-partitions-2-0", "list", lambda: F.runJob(P(range(1, 11), 3), [2, 0]))
    case("runjob-bad-partition", "error", lambda: F.runJob(P(range(1, 11), 2), [0, 1, 2]))
    case("groupby-mod3", "set", lambda: grouped(P(range(1, 11), 3).groupBy(F.mod(3))))
    case("intersection-dup", "set", lambda: P([1, 2, 3, 3], 2).intersection(P([1, 1, 2, 3], 2))
         .collect())
    case("intersection-dup-swapped", "set",
         lambda: P([1, 1, 2, 3], 2).intersection(P([1, 2, 3, 3], 2)).collect())
    case("intersection-evens", "set",
         lambda: P(range(1, 11), 3).intersection(P(range(2, 11, 2), 2)).collect())
    case("intersection-none", "set", lambda: P([1, 2], 2).intersection(empty()).collect())
    case("subtract-dup", "set", lambda: P([1, 1, 2, 3], 3).subtract(P([2, 3, 4], 2)).collect())
    case("subtract-partitions", "scalar",
         lambda: P([1, 1, 2, 3], 3).subtract(P([2, 3, 4], 2)).getNumPartitions())


def combining():
    section("union, zip, cartesian")
    a, b = P([1, 2, 3], 2), P([4], 3)
    case("union-glom", "parts", lambda: glom(a.union(b)))
    case("union-self", "list", lambda: a.union(a).collect())
    case("union-empty-right", "parts", lambda: glom(a.union(empty())))
    case("union-empty-left", "parts", lambda: glom(empty().union(a)))
    case("union-empty-both-partitions", "scalar", lambda: empty().union(empty()).getNumPartitions())
    case("union-norows-right", "parts", lambda: glom(a.union(P([], 2))))
    h = PP([(0, 0), (1, 1), (2, 2), (3, 3)], 2)
    case("union-same-partitioner-partitions", "scalar",
         lambda: h.partitionBy(Hash(3)).union(h.partitionBy(Hash(3))).getNumPartitions())
    case("union-same-partitioner", "bags",
         lambda: glom(h.partitionBy(Hash(3)).union(h.partitionBy(Hash(3)))))
    case("union-other-partitioner-partitions", "scalar",
         lambda: h.partitionBy(Hash(3)).union(h.partitionBy(Hash(2))).getNumPartitions())

    r = P([1, 2, 3, 4], 2)
    case("zip-ok", "parts", lambda: glom(r.zip(r.map(F.plusOneAsDouble()))))
    case("zip-norows", "parts", lambda: glom(P([], 2).zip(P([], 2))))
    case("zip-empty", "parts", lambda: glom(empty().zip(empty())))
    case("zip-partitions-differ", "error", lambda: r.zip(P([1, 2, 3, 4], 1)).collect())
    case("zip-counts-differ-right-longer", "error", lambda: r.zip(P([1, 2, 3, 4, 5], 2)).collect())
    case("zip-counts-differ-left-longer", "error", lambda: P([1, 2, 3, 4, 5], 2).zip(r).collect())
    case("zippartitions-uneven", "list",
         lambda: r.zipPartitions(P([1, 2, 3, 4, 5], 2), F.countBoth()).collect())
    case("zippartitions-differ", "error",
         lambda: r.zipPartitions(P([1, 2, 3], 3), F.countBoth()).collect())

    case("zipwithindex-0to9", "parts", lambda: glom(P(range(10), 3).zipWithIndex()))
    case("zipwithuniqueid-0to9", "parts", lambda: glom(P(range(10), 3).zipWithUniqueId()))

    c = P([1, 2, 3], 2)
    case("cartesian-rows", "list", lambda: c.cartesian(P([2, 3, 4], 2)).collect())
    case("cartesian-glom", "parts", lambda: glom(c.cartesian(P([2, 3, 4], 3))))
    case("cartesian-partitions", "scalar",
         lambda: c.cartesian(P([2, 3, 4], 3)).getNumPartitions())
    case("cartesian-one", "list", lambda: c.cartesian(P([1], 1)).collect())
    case("cartesian-empty-right", "parts", lambda: glom(c.cartesian(empty())))
    case("cartesian-empty-left", "parts", lambda: glom(empty().cartesian(c)))
    case("cartesian-norows", "parts", lambda: glom(c.cartesian(P([], 2))))


def repartitioning():
    section("coalesce and repartition")
    ten = P(range(1, 11), 10)
    for n in (1, 2, 3, 4, 7, 10, 20):
        case("coalesce-10-to-%d" % n, "parts", lambda: glom(ten.coalesce(n)))
    case("coalesce-0", "error", lambda: ten.coalesce(0))
    case("coalesce-negative", "error", lambda: ten.coalesce(-1))
    case("coalesce-shuffle-20-partitions", "scalar",
         lambda: ten.coalesce(20, True).getNumPartitions())
    case("coalesce-shuffle-20-rows", "set", lambda: ten.coalesce(20, True).collect())
    case("coalesce-norows0", "parts", lambda: glom(empty().coalesce(2)))
    case("coalesce-norows3", "parts", lambda: glom(P([], 3).coalesce(2)))
    case("repartition-norows0-partitions", "scalar",
         lambda: empty().repartition(2).getNumPartitions())
    case("repartition-norows0", "parts", lambda: glom(empty().repartition(2)))
    case("repartition-0", "error", lambda: ten.repartition(0))
    thousand = P(range(1000), 10)
    for n in (1, 2, 3, 4, 7, 10, 20):
        case("repartition-1000x10-to-%d-sizes" % n, "list",
             lambda: F.sizes(thousand.repartition(n)))
    # Which row goes where follows from the seed (the partition's index), so it
    # is the same in every run; the order inside a partition is fetch order.
    case("repartition-10x3-to-4", "bags", lambda: glom(P(range(1, 11), 3).repartition(4)))
    case("repartition-10x1-to-3", "bags", lambda: glom(P(range(1, 11), 1).repartition(3)))


def pairs():
    section("pairs")
    r = PP([(1, 1), (1, 2), (1, 3), (1, 1), (2, 1)], 2)
    case("keys", "list", lambda: r.keys().collect())
    case("values", "list", lambda: r.values().collect())
    case("mapvalues", "list", lambda: r.mapValues(F.times(10)).collect())
    case("flatmapvalues", "list",
         lambda: PP([(1, 2), (2, 0), (3, 3)], 2).flatMapValues(F.upTo()).collect())
    case("keyby", "list", lambda: P(range(1, 6), 2).keyBy(F.mod(2)).collect())
    case("reducebykey", "set", lambda: r.reduceByKey(F.plus()).collect())
    case("reducebykey-partitions", "scalar", lambda: r.reduceByKey(F.plus()).getNumPartitions())
    case("reducebykey-to3", "bags", lambda: glom(r.reduceByKey(F.plus(), 3)))
    case("reducebykey-norows0", "parts", lambda: glom(no_pairs(0).reduceByKey(F.plus())))
    case("reducebykey-norows3", "parts", lambda: glom(no_pairs(3).reduceByKey(F.plus())))
    case("reducebykey-empty-to2", "parts", lambda: glom(no_pairs(0).reduceByKey(F.plus(), 2)))
    case("reducebykey-locally", "set", lambda: r.reduceByKeyLocally(F.plus()))
    case("reducebykey-locally-norows3", "set", lambda: no_pairs(3).reduceByKeyLocally(F.plus()))
    case("reducebykey-locally-norows0", "error",
         lambda: no_pairs(0).reduceByKeyLocally(F.plus()))
    case("foldbykey-zero100-2parts", "set", lambda: r.foldByKey(100, F.plus()).collect())
    case("groupbykey", "set", lambda: grouped(r.groupByKey()))
    case("groupbykey-to1", "set", lambda: grouped(r.groupByKey(1)))
    case("groupbykey-norows0", "set", lambda: grouped(no_pairs(0).groupByKey()))
    signed = PP([(k, k) for k in range(-5, 6)], 3)
    case("partitionby-hash3", "bags", lambda: glom(signed.partitionBy(Hash(3))))
    case("partitionby-hash1", "bags", lambda: glom(signed.partitionBy(Hash(1))))
    case("partitionby-hash16", "bags", lambda: glom(signed.partitionBy(Hash(16))))
    case("partitionby-int-limits", "bags",
         lambda: glom(PP([(2147483647, 1), (-2147483648, 2), (0, 3)], 1).partitionBy(Hash(10))))
    case("partitionby-same-stages", "list",
         lambda: shape(lambda: signed.partitionBy(Hash(3)).partitionBy(Hash(3)).count()))
    case("partitionby-out-of-range", "error",
         lambda: PP([(1, 1)], 1).partitionBy(F.shifted(2, 5)).collect())
    case("hash0", "scalar", lambda: Hash(0).numPartitions())
    case("countbykey", "set", lambda: r.countByKey())
    case("countbykey-norows0", "set", lambda: no_pairs(0).countByKey())
    case("countbyvalue-pairs", "set", lambda: r.countByValue())
    case("collectasmap-duplicates", "set", lambda: r.collectAsMap())
    case("collectasmap-norows0", "set", lambda: no_pairs(0).collectAsMap())
    k = PP([(1, 2), (3, 4), (5, 6), (5, 7)], 2)
    for key in (1, 5, -1):
        case("lookup-%d" % key, "list", lambda: k.lookup(key))
    hashed = k.partitionBy(Hash(4))
    for key in (1, 5, -1):
        case("lookup-hash-%d" % key, "set", lambda: hashed.lookup(key))
    case("lookup-tasks", "list", lambda: shape(lambda: k.lookup(5)))
    case("lookup-hash-again-tasks", "list", lambda: shape(lambda: hashed.lookup(5)))
    case("lookup-bad-partitioner", "error",
         lambda: k.partitionBy(F.shifted(2, -2)).lookup(1))
    case("aggregate-map-of-sums", "set",
         lambda: P([Tuple2("a", 1), Tuple2("b", 2), Tuple2("a", 2), Tuple2("c", 5),
                    Tuple2("a", 3)], 2)
         .aggregate(F.emptySums(), F.addToSums(), F.mergeSums()))

    section("which operations keep the partitioner")
    g = PP([(1, 1), (2, 2), (3, 3)], 2).groupByKey(2)
    case("partitioner-groupbykey", "scalar", lambda: has(g))
    case("partitioner-map", "scalar", lambda: has(g.map(F.same())))
    case("partitioner-mapvalues", "scalar", lambda: has(g.mapValues(F.same())))
    case("partitioner-filter", "scalar",
         lambda: has(PP([(1, 1)], 2).reduceByKey(F.plus()).filter(F.keyGreater(0))))
    case("partitioner-flatmapvalues", "scalar",
         lambda: has(PP([(1, 1)], 2).reduceByKey(F.plus()).flatMapValues(F.upTo())))
    case("partitioner-keys", "scalar", lambda: has(g.keys()))
    case("partitioner-distinct", "scalar", lambda: has(P([1, 2], 2).distinct()))
    case("partitioner-join-hash4", "scalar",
         lambda: k.join(k.partitionBy(Hash(4))).partitioner().get().numPartitions())

    section("joins with an empty side")
    x = P([1, 2], 2).mapToPair(F.pairSame())
    e = empty().mapToPair(F.pairSame())
    case("join-empty", "scalar", lambda: x.join(e).count())
    case("rightouterjoin-empty", "scalar", lambda: x.rightOuterJoin(e).count())
    case("leftouterjoin-empty", "scalar", lambda: x.leftOuterJoin(e).count())
    case("fullouterjoin-empty", "scalar", lambda: x.fullOuterJoin(e).count())
    case("cogroup-empty", "scalar", lambda: x.cogroup(e).count())
    case("union-empty-pairs", "scalar", lambda: x.union(e).count())
    case("join-empty-partitions", "scalar", lambda: x.join(e).getNumPartitions())

    section("sorting")
    rec = P(["5|50|A", "4|60|C", "6|40|B"], 3)
    for i in range(3):
        case("sortby-field%d" % i, "list", lambda: rec.sortBy(F.field(i), True, 2).collect())
    case("sortby-descending", "list", lambda: rec.sortBy(F.field(0), False, 2).collect())
    case("sortby-norows0", "parts", lambda: glom(empty().sortBy(F.text(), True, 2)))
    case("sortby-norows3", "parts", lambda: glom(P([], 3).sortBy(F.text(), True, 2)))
    case("sortbykey-small", "list",
         lambda: PP([(1, 0), (2, 0), (0, 0), (3, 0)], 2).sortByKey().collect())
    case("sortbykey-onevalue-partitions", "scalar",
         lambda: PP([(1, 0), (1, 1), (1, 2)], 3).sortByKey().getNumPartitions())
    case("sortbykey-fewkeys-partitions", "scalar",
         lambda: PP([(1, 0), (2, 0), (3, 0)], 2).sortByKey(True, 22).getNumPartitions())
    s = PP([(0, 5), (3, 8), (2, 6), (0, 8), (3, 8), (1, 3)], 2)
    case("repartition-and-sort", "bags",
         lambda: glom(s.repartitionAndSortWithinPartitions(F.shifted(2, 0))))
    case("repartition-and-sort-keys", "parts",
         lambda: glom(s.repartitionAndSortWithinPartitions(F.shifted(2, 0)).keys()))


def taking():
    section("take: rows given and jobs run, for 1..999")
    rdds = [(p, P(range(1, 1000), p)) for p in (1, 2, 100, 1000)]
    for p, r in rdds:
        for n in (0, 1, 3, 500, 501, 999, 1000):
            got = []
            js = jobs(lambda: got.append(r.take(n)))
            got = list(got[0])
            assert got == list(range(1, 1 + len(got)))
            case("take-p%d-n%d-length" % (p, n), "scalar", lambda: len(got))
            case("take-p%d-n%d-jobs" % (p, n), "scalar", lambda: len(js))
            case("take-p%d-n%d-tasks" % (p, n), "list", lambda: [j.numCompletedTasks() for j in js])
    case("take-p2-n3", "list", lambda: rdds[1][1].take(3))
    case("take-negative", "list", lambda: P([1, 2], 2).take(-1))
    case("take-huge", "list", lambda: P([1, 2], 2).take(2147483638))
    case("take-none-found-tasks", "list",
         lambda: [j.numCompletedTasks() for j in jobs(lambda: P([], 1000).take(1))])
    case("take-last-partition-tasks", "list",
         lambda: [j.numCompletedTasks() for j in
                  jobs(lambda: P(range(1, 101), 100).filter(F.greater(99)).take(1))])
    case("first-empty-head-tasks", "list",
         lambda: [j.numCompletedTasks() for j in
                  jobs(lambda: P(range(1, 11), 10).filter(F.greater(3)).first())])
    case("isempty-jobs-norows0", "scalar", lambda: len(jobs(lambda: empty().isEmpty())))
    case("isempty-jobs-norows3", "scalar", lambda: len(jobs(lambda: P([], 3).isEmpty())))
    case("count-jobs-norows0", "scalar", lambda: len(jobs(lambda: empty().count())))

    section("takeOrdered and top")
    ten = P(range(1, 11), 2)
    case("takeordered-5", "list", lambda: ten.takeOrdered(5, F.natural()))
    case("takeordered-5-reversed", "list", lambda: ten.takeOrdered(5, F.reversed()))
    case("takeordered-0", "list", lambda: ten.takeOrdered(0, F.natural()))
    case("takeordered-100", "list", lambda: ten.takeOrdered(100, F.natural()))
    case("takeordered-duplicates", "list",
         lambda: P([3, 1, 3, 2, 1, 3], 3).takeOrdered(4, F.natural()))
    case("takeordered-0-jobs", "scalar", lambda: len(jobs(lambda: ten.takeOrdered(0, F.natural()))))
    case("top-0", "list", lambda: ten.top(0, F.natural()))
    case("top-3", "list", lambda: ten.top(3, F.natural()))
    case("top-100", "list", lambda: ten.top(100, F.natural()))
    case("top-duplicates", "list", lambda: P([3, 1, 3, 2, 1, 3], 3).top(4, F.natural()))
    case("top-2-reversed", "list", lambda: P(["a", "b", "c", "d"], 2).top(2, F.reversed()))
    case("top-norows0", "list", lambda: empty().top(2, F.natural()))

    section("takeSample and randomSplit")
    million = jsc.sc().range(0, 1000000, 1, 2).toJavaRDD()
    for n in (0, 20, 100):
        v = list(million.takeSample(False, n, 42))
        case("takesample-%d-size" % n, "scalar", lambda: len(v))
        case("takesample-%d-distinct" % n, "scalar", lambda: len(set(v)))
    case("takesample-replace-million-size", "scalar",
         lambda: len(million.takeSample(True, 1000000, 42)))
    case("takesample-20-jobs", "scalar",
         lambda: len(jobs(lambda: million.takeSample(False, 20, 42))))
    small = P(range(1, 11), 3)
    case("takesample-all", "set", lambda: small.takeSample(False, 10, 1))
    case("takesample-more-than-all", "set", lambda: small.takeSample(False, 100, 1))
    case("takesample-replace-25-size", "scalar", lambda: len(small.takeSample(True, 25, 1)))
    case("takesample-norows0", "list", lambda: empty().takeSample(False, 5, 1))
    case("takesample-norows3", "list", lambda: P([], 3).takeSample(True, 5, 1))
    case("takesample-negative", "error", lambda: small.takeSample(False, -1, 1))
    case("sample-negative", "error", lambda: small.sample(False, -1.0, 1))
    case("sample-over-1", "error", lambda: small.sample(False, 1.5, 1))
    case("sample-0", "list", lambda: small.sample(False, 0.0, 1).collect())
    case("sample-1", "list", lambda: small.sample(False, 1.0, 1).collect())
    for seed in range(1, 6):
        parts = P(range(1, 601), 2).randomSplit(doubles([1, 2, 3]), seed)
        got = [list(p.collect()) for p in parts]
        case("randomsplit-seed%d-sizes" % seed, "list", lambda: [len(p) for p in got])
        case("randomsplit-seed%d-union-is-all" % seed, "scalar",
             lambda: sorted(sum(got, [])) == list(range(1, 601)))


def aggregating():
    section("fold, aggregate: the zero enters once per partition and once more")
    for p in (1, 2, 3):
        r = P(range(1, 11), p)
        case("fold-zero10-p%d" % p, "scalar", lambda: r.fold(10, F.plus()))
        case("aggregate-zero10-p%d" % p, "scalar",
             lambda: r.aggregate(10, F.countRow(), F.plus()))
    case("fold-zero10-empty-partitions", "scalar", lambda: P([1], 5).fold(10, F.plus()))
    case("fold-zero10-norows0", "scalar", lambda: empty().fold(10, F.plus()))
    case("aggregate-zero10-norows0", "scalar",
         lambda: empty().aggregate(10, F.countRow(), F.plus()))

    section("treeAggregate and treeReduce over -1000 until 1000 in 10 partitions")
    t = P(range(-1000, 1000), 10)
    case("fold-1000", "scalar", lambda: t.fold(0, F.plus()))
    for d in range(1, 10):
        case("treeaggregate-depth%d" % d, "scalar", lambda: F.treeAggregate(t, 0, d))
        case("treereduce-depth%d" % d, "scalar", lambda: t.treeReduce(F.plus(), d))
        case("treeaggregate-depth%d-stages" % d, "list",
             lambda: shape(lambda: F.treeAggregate(t, 0, d)))
    for p in (1, 2, 3, 5, 10, 100):
        r = P(range(-1000, 1000), p)
        for d in (1, 2, 3):
            case("treeaggregate-zero7-p%d-depth%d" % (p, d), "scalar",
                 lambda: F.treeAggregate(r, 7, d))
    case("treeaggregate-zero7-norows0", "scalar", lambda: F.treeAggregate(empty(), 7, 2))
    case("treeaggregate-zero7-norows3", "scalar", lambda: F.treeAggregate(P([], 3), 7, 2))
    case("treeaggregate-depth0", "error", lambda: F.treeAggregate(t, 0, 0))
    case("treereduce-norows0", "error", lambda: empty().treeReduce(F.plus(), 2))
    case("treereduce-norows3", "error", lambda: P([], 3).treeReduce(F.plus(), 2))
    case("treereduce-depth0", "error", lambda: t.treeReduce(F.plus(), 0))
    case("treereduce-one-of-10", "scalar", lambda: P([5], 10).treeReduce(F.plus(), 3))
    case("treereduce-max-depth3", "scalar", lambda: t.treeReduce(F.biggest(), 3))

    section("sums and statistics of doubles: [count, mean, sum, min, max, variance, stdev, "
            "sampleVariance, sampleStdev]")
    filtered = D([-1, -1, -1, -1, 2, 4, -1, -1], 8).filter(F.atLeast(0.0))
    for n, r in (("none", D([], 1)), ("none3", D([], 3)),
                 ("zeroparts", empty().mapToDouble(F.toDouble())),
                 ("one", D([1], 1)), ("one3", D([1], 3)), ("four-p3", D([1, 2, 3, 4], 3)),
                 ("four-p1", D([1, 2, 3, 4], 1)), ("four-p9", D([1, 2, 3, 4], 9)),
                 ("empty-first", filtered), ("nan", D([1, NAN, 3], 2)),
                 ("inf", D([1, INF], 2)), ("big", D([1e9, 1e9 + 1, 1e9 + 2], 1)),
                 ("negative", D([-2.5, 0.0, 4.25], 2))):
        st = F.statsInOrder(r)
        case("stats-" + n, "list", lambda: [
            st.count(), st.mean(), st.sum(), st.min(), st.max(), st.variance(), st.stdev(),
            st.sampleVariance(), st.sampleStdev()])
        case("sum-" + n, "scalar", lambda: r.sum())
    case("dmean-none", "scalar", lambda: D([], 3).mean())
    case("dvariance-none", "scalar", lambda: D([], 3).variance())
    case("dmax-none", "error", lambda: D([], 3).max())
    case("dmin-none", "error", lambda: D([], 3).min())
    case("stats-zeroparts-action", "error",
         lambda: empty().mapToDouble(F.toDouble()).stats().count())
    case("mean-zeroparts-action", "error", lambda: empty().mapToDouble(F.toDouble()).mean())


def histograms():
    section("histogram with given edges: counts")
    base = [-0.01, 0, 1, 2, 3, 5, 6, 11.01, 12, 199, 200, 200.1]

    def with_edges(values, edges, n=2):
        return D(values, n).histogram(doubles(edges))

    def even(values, edges, n=2):
        return D(values, n).histogram(F.boxed(doubles(edges)), True)

    case("hist-edges-uneven", "list", lambda: with_edges(base, [0, 5, 11, 12, 200]))
    case("hist-edges-nan", "list",
         lambda: with_edges(base + [NAN], [0, 5, 11, 12, 200, NAN]))
    case("hist-edges-nan-value-only", "list",
         lambda: with_edges(base + [NAN], [0, 5, 11, 12, 200]))
    case("hist-edges-nan-and-inf", "list",
         lambda: with_edges(base + [INF, -INF, NAN], [0, 5, 11, 12, 200, NAN]))
    case("hist-edges-inf", "list",
         lambda: with_edges(base + [INF, -INF, NAN], [0, 5, 11, 12, 200, INF]))
    case("hist-edges-both-inf", "list", lambda: with_edges([10.01, -0.01, NAN], [-INF, 0, INF]))
    case("hist-edges-out-of-range", "list", lambda: with_edges([10.01, -0.01], [0, 5, 10]))
    case("hist-edges-in-range-one", "list", lambda: with_edges([1, 2, 3, 4], [0, 10]))
    case("hist-edges-on-exact", "list", lambda: with_edges([0, 5, 10], [0, 5, 10]))
    case("hist-edges-norows0", "list",
         lambda: empty().mapToDouble(F.toDouble()).histogram(doubles([0, 5, 10])))
    case("hist-edges-norows3", "list", lambda: with_edges([], [0, 5, 10], 3))
    case("hist-edges-len0", "error", lambda: with_edges([1], []))
    case("hist-edges-len1", "error", lambda: with_edges([1], [1]))
    case("hist-edges-unsorted", "list", lambda: with_edges([1, 2, 3, 4], [4, 2, 0]))
    case("hist-edges-duplicate", "list", lambda: with_edges([1, 2, 3, 4], [1, 2, 2, 4]))
    case("hist-even-two", "list", lambda: even([-0.01, 0, 1, 2, 3, 5, 6, 9.99, 10], [0, 5, 10]))
    case("hist-even-nan-inf", "list", lambda: even([NAN, INF, -INF, 3], [0, 5, 10]))
    case("hist-even-five", "list", lambda: even(range(0, 11), [0, 2, 4, 6, 8, 10]))

    section("histogram with a number of buckets: edges and counts")
    for n, values, k in (("1to4-2", [1, 2, 3, 4], 2), ("1to4-1", [1, 2, 3, 4], 1),
                         ("same-1", [1, 1, 1, 1], 1), ("same-5", [1, 1, 1, 1], 5),
                         ("skew-4", [1, 1, 1, 2, 3, 3], 4), ("skew-3", [1, 1, 1, 2, 3, 3], 3),
                         ("two-10", [1, 2], 10), ("6to99-8", range(6, 100), 8),
                         ("6to99-9", range(6, 100), 9), ("1to3-7", [1, 2, 3], 7),
                         ("tenths-3", [0.1, 0.2, 0.3, 0.7], 3)):
        h = D(values, 2).histogram(k)
        case("hist-%s-edges" % n, "list", lambda: h._1())
        case("hist-%s-counts" % n, "list", lambda: h._2())
    h = D([0, 1e24, 1e30], 2).histogram(1000000)
    case("hist-million-nonzero", "list", lambda: F.nonZero(h._2()))
    case("hist-million-edges-size", "scalar", lambda: len(h._1()))
    for n, values in (("inf", [1, INF]), ("nan", [1, NAN]), ("neginf", [-INF, 1]), ("none", [])):
        case("hist-auto-" + n, "error", lambda: D(values, 2).histogram(2))
    case("hist-auto-norows0", "error", lambda: empty().mapToDouble(F.toDouble()).histogram(2))
    case("hist-auto-0-buckets", "error", lambda: D([1, 2], 2).histogram(0))


def making():
    section("parallelize and range")
    for n, v, p in (("1to10-3", range(1, 11), 3), ("1to10-1", range(1, 11), 1),
                    ("1to3-5", range(1, 4), 5), ("none-3", [], 3), ("1to7-4", range(1, 8), 4)):
        case("slice-" + n, "parts", lambda: glom(P(v, p)))
    case("slice-0", "error", lambda: P([1], 0).collect())
    case("slice-negative", "error", lambda: P([1], -1).collect())
    case("default-parallelism-partitions", "scalar",
         lambda: jsc.parallelize([1, 2, 3]).getNumPartitions())

    def ends(rdd):
        return [(p[0], p[-1], len(p)) for p in glom(rdd)]
    case("range-0until100-3-ends", "list",
         lambda: ends(F.parallelizeRange(jsc, 0, 100, 1, False, 3)))
    case("range-0to100-3-ends", "list",
         lambda: ends(F.parallelizeRange(jsc, 0, 100, 1, True, 3)))
    case("range-scala-step3", "parts", lambda: glom(F.parallelizeRange(jsc, 0, 10, 3, False, 3)))
    case("range-scala-down", "parts", lambda: glom(F.parallelizeRange(jsc, 10, 0, -3, True, 2)))
    case("range-scala-none", "parts", lambda: glom(F.parallelizeRange(jsc, 5, 5, 1, False, 2)))
    case("range-scala-short", "parts", lambda: glom(F.parallelizeRange(jsc, 1, 3, 1, False, 5)))

    def rng(start, end, step, n):
        return jsc.sc().range(start, end, step, n).toJavaRDD()
    for n, a in (("0-10-1-3", (0, 10, 1, 3)), ("0-10-3-2", (0, 10, 3, 2)),
                 ("0-10-3-4", (0, 10, 3, 4)), ("10-0-down3-3", (10, 0, -3, 3)),
                 ("1-6-2-3", (1, 6, 2, 3)), ("0-3-1-5", (0, 3, 1, 5)),
                 ("5-5-1-2", (5, 5, 1, 2)), ("5-1-1-2", (5, 1, 1, 2)),
                 ("1-5-down1-2", (1, 5, -1, 2)),
                 ("longmax", (9223372036854775800, 9223372036854775807, 3, 2)),
                 ("longmin-down", (-9223372036854775800, -9223372036854775808, -3, 2))):
        case("scrange-" + n, "parts", lambda: glom(rng(*a)))
    case("scrange-step0", "error", lambda: rng(0, 10, 0, 2))
    case("scrange-0-partitions", "error", lambda: rng(0, 10, 1, 0).collect())


def files():
    section("textFile: the rows of each partition (byte splits), by minPartitions")
    texts = [
        ("lf", b"a\nbb\nccc\n"), ("crlf", b"a\r\nbb\r\nccc\r\n"), ("cr", b"a\rbb\rccc\r"),
        ("mixed", b"a\nb\r\nc\rd\n\re\r\r\nf"), ("nonl", b"a\nbb\nccc"), ("empty", b""),
        ("blank", b"\n\n\n"), ("blanks-inside", b"a\n\n\nb\n"), ("one", b"abcdefghij\n"),
        ("digits", b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        ("longline", b"aaaaaaaaaaaaaaaaaaaa\nb\nc\n"), ("utf8", "\u00e4\u20ac\nz\n".encode()),
        ("badutf8", b"a\xffb\n"), ("bom", b"\xef\xbb\xbfa\nb\n"), ("onlycrlf", b"\r\n"),
    ]
    for n, data in texts:
        p = put("t/" + n, data)
        lines.append("# file %s: %s" % (n, repr(data)[2:-1]))
        for k in (1, 2, 3):
            case("text-%s-min%d" % (n, k), "parts", lambda: glom(jsc.textFile(p, k)))
    case("text-digits-min7", "parts", lambda: glom(jsc.textFile(path("t/digits"), 7)))
    case("text-digits-min100-partitions", "scalar",
         lambda: jsc.textFile(path("t/digits"), 100).getNumPartitions())
    case("text-lf-default-partitions", "scalar",
         lambda: jsc.textFile(path("t/lf")).getNumPartitions())
    case("text-lf-min0", "parts", lambda: glom(jsc.textFile(path("t/lf"), 0)))

    section("textFile: several files")
    put("d/part-00000", b"1\n2\n")
    put("d/part-00001", b"3\n4\n")
    put("d/part-00002", b"")
    put("d/_SUCCESS", b"")
    put("d/.hidden", b"no\n")
    put("d/_skipped", b"no\n")
    # A folder is read in the order in which the file system lists it, which
    # differs by machine: these partitions are a set.  A pattern is sorted.
    case("text-dir-min1", "set", lambda: glom(jsc.textFile(path("d"), 1)))
    case("text-dir-min2", "set", lambda: glom(jsc.textFile(path("d"), 2)))
    case("text-dir-min4", "set", lambda: glom(jsc.textFile(path("d"), 4)))
    case("text-glob", "parts", lambda: glom(jsc.textFile(path("d/part-0000[01]"), 1)))
    case("text-glob-star", "list", lambda: jsc.textFile(path("d/part*"), 1).collect())
    case("text-glob-braces", "list", lambda: jsc.textFile(path("t/{lf,one}"), 1).collect())
    case("text-glob-braces-swapped", "list", lambda: jsc.textFile(path("t/{one,lf}"), 1).collect())
    case("text-glob-question", "list", lambda: jsc.textFile(path("t/o?e"), 1).collect())
    case("text-comma", "parts",
         lambda: glom(jsc.textFile(path("t/one") + "," + path("t/lf"), 1)))
    put("g/a.gz", gzip.compress(b"x\ny\nz\n", mtime=0))
    case("text-gz", "parts", lambda: glom(jsc.textFile(path("g/a.gz"), 3)))
    os.makedirs(path("nothing"))
    case("text-emptydir-partitions", "scalar",
         lambda: jsc.textFile(path("nothing"), 2).getNumPartitions())
    case("text-emptydir-collect", "list", lambda: jsc.textFile(path("nothing"), 2).collect())
    case("text-emptydir-reducebykey", "list",
         lambda: jsc.textFile(path("nothing"), 2).mapToPair(F.wordOne()).reduceByKey(F.plus())
         .collect())
    put("nested/sub/x", b"deep\n")
    put("nested/y", b"top\n")
    case("text-nested-dir", "error", lambda: jsc.textFile(path("nested"), 1).collect())
    case("text-missing-define", "scalar", lambda: jsc.textFile(path("missing"), 1) is not None)
    case("text-missing", "error", lambda: jsc.textFile(path("missing"), 1).collect())
    case("text-missing-glob", "error", lambda: jsc.textFile(path("missing*"), 1).collect())
    case("text-missing-in-list", "error",
         lambda: jsc.textFile(path("t/lf") + "," + path("missing"), 1).collect())

    section("wholeTextFiles and binaryRecords")
    put("w/a", b"1\n2\n")
    put("w/b", b"")
    put("w/c", b"x\r\ny")
    base = lambda rdd: [(os.path.basename(t._1()), t._2()) for t in rdd.collect()]
    case("whole-dir", "set", lambda: base(jsc.wholeTextFiles(path("w"), 1)))
    # Files of one size, since the grouping follows the folder's order.
    for f in "abcd":
        put("w4/" + f, b"123\n")
    for k in (1, 2, 3, 4, 100):
        case("whole-4x4bytes-min%d-partitions" % k, "scalar",
             lambda: jsc.wholeTextFiles(path("w4"), k).getNumPartitions())
    case("whole-one-file", "list", lambda: base(jsc.wholeTextFiles(path("w/c"), 1)))
    case("whole-path-is-uri", "scalar",
         lambda: jsc.wholeTextFiles(path("w/c"), 1).first()._1() == "file:" + path("w/c"))
    case("whole-missing", "error", lambda: jsc.wholeTextFiles(path("missing"), 1).collect())
    case("whole-emptydir", "list", lambda: base(jsc.wholeTextFiles(path("nothing"), 1)))
    put("b/twelve", bytes(range(12)))
    put("b10/ten", bytes(range(10)))
    put("b0/none", b"")
    case("records-12-by-4", "list", lambda: F.hex(jsc.binaryRecords(path("b"), 4)).collect())
    case("records-12-by-4-partitions", "scalar",
         lambda: jsc.binaryRecords(path("b"), 4).getNumPartitions())
    case("records-12-by-12", "list", lambda: F.hex(jsc.binaryRecords(path("b"), 12)).collect())
    case("records-10-by-4", "error", lambda: F.hex(jsc.binaryRecords(path("b10"), 4)).collect())
    case("records-10-by-20", "error", lambda: F.hex(jsc.binaryRecords(path("b10"), 20)).collect())
    case("records-0-by-4", "list", lambda: F.hex(jsc.binaryRecords(path("b0"), 4)).collect())
    case("records-by-0", "error", lambda: F.hex(jsc.binaryRecords(path("b"), 0)).collect())

    section("saveAsTextFile: (file, contents)")

    def save(name, rdd, *codec):
        rdd.saveAsTextFile(path("out/" + name), *codec)
        out = []
        for f in sorted(os.listdir(path("out/" + name))):
            with open(path("out/" + name + "/" + f), "rb") as fd:
                data = fd.read()
            if f.endswith(".crc"):
                continue
            if f.endswith(".gz"):
                data = gzip.decompress(data)
            out.append((f, data.decode()))
        return out
    case("save-one", "list", lambda: save("one", P([1, 2, 3, 4], 1)))
    case("save-three", "list", lambda: save("three", P([1, 2, 3, 4], 3)))
    case("save-empty-partitions", "list", lambda: save("hollow", P([1], 3)))
    case("save-norows0", "list", lambda: save("norows0", empty()))
    case("save-norows3", "list", lambda: save("norows3", P([], 3)))
    case("save-strings", "list", lambda: save("strings", P(["a", "", "b\nc", "\u00e4"], 1)))
    case("save-doubles", "list", lambda: save("doubles", D([1, 0.1, 1e7, 1e-4, 123456789.5, 1e21,
                                                            NAN, INF, -0.0, 100], 1)))
    case("save-pairs", "list", lambda: save("pairs", PP([(1, 2), (3, 4)], 1)))
    case("save-gz", "list", lambda: save(
        "gz", P([1, 2], 2), jvm.java.lang.Class.forName("org.apache.hadoop.io.compress.GzipCodec")))
    case("save-null-row", "error", lambda: save("null", P([1], 1).map(F.nullRow())))
    case("save-existing", "error", lambda: save("one", P([1], 1)))
    case("save-names-padding", "list",
         lambda: [f for f, _ in save("many", P(range(12), 12))])
    case("save-then-read", "set", lambda: glom(jsc.textFile(path("out/three"), 1)))


def piping():
    section("pipe")
    r = P([1, 2, 3, 4], 2)
    case("pipe-cat", "parts", lambda: glom(r.pipe("cat")))
    case("pipe-wc-l", "list", lambda: r.pipe("wc -l").collect())
    case("pipe-wc-c-empty-partitions", "list",
         lambda: P(["foo", "bing"], 8).pipe("wc -c").collect())
    case("pipe-norows0", "parts", lambda: glom(empty().pipe("cat")))
    case("pipe-no-shell", "list", lambda: P([1], 1).pipe("echo a  'b c' $HOME | cat").collect())
    case("pipe-list-keeps-arguments", "list", lambda: P([1], 1).pipe(["echo", "a  b"]).collect())
    case("pipe-env", "list", lambda: P([1], 1).pipe(["printenv", "COLOR"], {"COLOR": "red"})
         .collect())
    case("pipe-no-last-newline", "list", lambda: P([1], 1).pipe(["printf", "a\\nb"]).collect())
    case("pipe-blank-lines", "list", lambda: P([1], 1).pipe(["printf", "\\n\\na\\n"]).collect())
    case("pipe-cr-in-output", "list", lambda: P([1], 1).pipe(["printf", "a\\r\\nb\\rc"]).collect())
    case("pipe-ignores-input", "list", lambda: P(range(5), 1).pipe("echo hi").collect())
    case("pipe-exit-3", "error", lambda: P([1], 1).pipe(["sh", "-c", "exit 3"]).collect())
    case("pipe-false", "error", lambda: P([1], 1).pipe("false").collect())
    case("pipe-exit-after-output", "error",
         lambda: P([1], 1).pipe(["sh", "-c", "echo a; exit 2"]).collect())
    case("pipe-exit-not-reached-by-take", "list",
         lambda: P([1], 1).pipe(["sh", "-c", "echo a; echo b; exit 2"]).take(1))
    case("pipe-bad-command", "error", lambda: P([1], 1).pipe("some_nonexistent_command").collect())
    p = put("p/in", b"x\n")
    case("pipe-map-input-file", "scalar",
         lambda: jsc.textFile(p, 1).pipe("printenv map_input_file").first() == "file:" + p)


def scheduling():
    section("toDebugString")
    a = P([1, 2, 3, 4], 2)
    k = a.mapToPair(F.pairMod(2))
    case("debug-parallelize", "scalar", lambda: lineage(P([1], 3)))
    case("debug-empty", "scalar", lambda: lineage(empty()))
    case("debug-map-filter", "scalar", lambda: lineage(a.map(F.add(1)).filter(F.greater(1))))
    case("debug-union", "scalar", lambda: lineage(a.union(P([5], 1))))
    case("debug-reducebykey", "scalar", lambda: lineage(k.reduceByKey(F.plus(), 3)))
    case("debug-two-shuffles", "scalar",
         lambda: lineage(k.reduceByKey(F.plus(), 3).repartition(2)))
    case("debug-join", "scalar", lambda: lineage(k.join(k.reduceByKey(F.plus(), 3))))
    case("debug-textfile", "scalar", lambda: lineage(jsc.textFile(path("t/lf"), 2)))
    case("debug-coalesce", "scalar", lambda: lineage(P(range(10), 10).coalesce(3)))
    case("debug-cached-not-run", "scalar", lambda: lineage(P([1, 2], 2).cache().map(F.add(1))))
    # The level printed on every line is that of the RDD that is asked.
    case("debug-cached-self", "scalar", lambda: lineage(P([1, 2], 2).map(F.add(1)).cache()))
    case("debug-named", "scalar", lambda: lineage(P([1, 2], 2).setName("numbers")))
    case("debug-cartesian", "scalar", lambda: lineage(a.cartesian(P([1], 1))))

    section("[stages run, stages skipped, tasks run, tasks skipped] of each job")
    case("jobs-count", "list", lambda: shape(lambda: P(range(10), 4).count()))
    case("jobs-count-norows0", "list", lambda: shape(lambda: empty().count()))
    case("jobs-count-norows3", "list", lambda: shape(lambda: P([], 3).count()))
    case("jobs-narrow", "list",
         lambda: shape(lambda: P(range(10), 4).map(F.add(1)).filter(F.greater(2)).count()))
    red = P(range(10), 4).mapToPair(F.pairMod(3)).reduceByKey(F.plus(), 3)
    case("jobs-reducebykey-first", "list", lambda: shape(lambda: red.count()))
    case("jobs-reducebykey-again", "list", lambda: shape(lambda: red.count()))
    case("jobs-reducebykey-mapped-again", "list",
         lambda: shape(lambda: red.mapValues(F.add(1)).collect()))
    case("jobs-reducebykey-after-shuffle-again", "list",
         lambda: shape(lambda: red.repartition(2).collect()))
    two = F.twoShuffles(P(range(1, 9), 8), 8)
    case("jobs-two-shuffles-first", "list", lambda: shape(lambda: two.count()))
    case("jobs-two-shuffles-again", "list", lambda: shape(lambda: two.count()))
    x, y = P([1, 2], 2).mapToPair(F.pairSame()), P([1, 2], 3).mapToPair(F.pairSame())
    case("jobs-join", "list", lambda: shape(lambda: x.join(y).count()))
    case("jobs-join-partitioned", "list",
         lambda: shape(lambda: x.partitionBy(Hash(4)).join(y.partitionBy(Hash(4))).count()))
    case("jobs-join-one-side-partitioned", "list",
         lambda: shape(lambda: x.partitionBy(Hash(4)).join(y).count()))
    case("jobs-sortbykey-define", "list", lambda: shape(lambda: x.sortByKey()))
    case("jobs-sortbykey-collect", "list", lambda: shape(lambda: x.sortByKey().collect()))
    case("jobs-sortbykey-1-define", "list", lambda: shape(lambda: x.sortByKey(True, 1)))
    case("jobs-distinct", "list", lambda: shape(lambda: P(range(10), 4).distinct().count()))
    case("jobs-repartition", "list", lambda: shape(lambda: P(range(10), 4).repartition(2).count()))
    case("jobs-coalesce", "list", lambda: shape(lambda: P(range(10), 4).coalesce(2).count()))
    case("jobs-cartesian", "list", lambda: shape(lambda: P([1], 2).cartesian(P([1], 3)).count()))
    case("jobs-union", "list", lambda: shape(lambda: P([1], 2).union(P([1], 3)).count()))
    case("jobs-zipwithindex", "list", lambda: shape(lambda: P(range(9), 3).zipWithIndex().count()))
    case("jobs-take-after-shuffle", "list",
         lambda: shape(lambda: P(range(10), 4).distinct(5).take(1)))
    cached = P(range(10), 4).mapToPair(F.pairMod(3)).reduceByKey(F.plus(), 3).cache()
    cached.count()
    case("jobs-after-cache", "list", lambda: shape(lambda: cached.mapValues(F.add(1)).count()))
    case("jobs-tolocaliterator", "list", lambda: shape(lambda: drained(P(range(6), 3))))
    case("jobs-countbyvalue", "list", lambda: shape(lambda: P(range(6), 3).countByValue()))
    case("jobs-histogram-auto", "list", lambda: shape(lambda: D([1, 2], 2).histogram(2)))
    case("jobs-save", "list",
         lambda: shape(lambda: P(range(6), 3).saveAsTextFile(path("out/jobs"))))


def main():
    basics()
    combining()
    repartitioning()
    pairs()
    wide_cases()
    taking()
    aggregating()
    histograms()
    making()
    files()
    piping()
    scheduling()
    head = ["# Answers of Apache Spark %s, master local[2]." % sc.version,
            "# Made by: tests/oracle/make_goldens.sh",
            "# Format: case<TAB>form<TAB>value; see README.md beside this file."]
    with open(OUT, "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join(head + lines) + "\n")
    print("%d cases written to %s" % (len(names), OUT))


try:
    main()
finally:
    sc.stop()
    shutil.rmtree(work, ignore_errors=True)
