"""Cases of operations over a shuffle, of sorting, and of where their rows go."""

from spark_session import *


def LP(pairs, n):
    """Pairs whose keys are all Long."""
    return PP(pairs, n).mapToPair(F.longKey())


INT_MIN, INT_MAX = -2147483648, 2147483647
LONG_MIN, LONG_MAX = -9223372036854775808, 9223372036854775807
LONG_TEXT = "a key of more than fifteen bytes"


def pair_shapes():
    """Inputs of pairs with int values.  "hollow" has more partitions than rows;
    "double" has no zeros, because engines differ in what -0.0 is."""
    return [
        ("norows0", no_pairs(0)),
        ("norows3", no_pairs(3)),
        ("one3", PP([(7, 1)], 3)),
        ("onekey", PP([(5, i) for i in range(1, 7)], 4)),
        ("dups", PP([(1, 1), (1, 2), (1, 3), (1, 1), (2, 1)], 2)),
        ("hollow", PP([(1, 1), (2, 2), (1, 3)], 8)),
        ("signed", PP([(INT_MIN, 1), (INT_MAX, 2), (0, 3), (-1, 4), (1, 5), (INT_MIN, 6), (-1, 7),
                       (INT_MAX, 8), (-256, 9)], 3)),
        ("long", LP([(LONG_MIN, 1), (LONG_MAX, 2), (0, 3), (-1, 4), (4294967296, 5),
                     (-4294967296, 6), (LONG_MIN, 7), (0, 8), (LONG_MAX, 9)], 3)),
        ("text", PP([("", 1), ("a", 2), ("", 3), ("\u00e4", 4), ("\u20ac", 5), ("\U0001f600", 6),
                     ("a", 7), ("ab", 8), ("A", 9), ("\u00e4", 10), (LONG_TEXT, 11),
                     (LONG_TEXT, 12), (LONG_TEXT + "!", 13), ("\U0001f600", 14)], 3)),
        ("double", PP([(NAN, 1), (INF, 2), (1.5, 3), (NAN, 4), (-INF, 5), (-2.5, 6), (1.5, 7),
                       (INF, 8)], 3)),
    ]


def wide_of_one():
    section("wide operations of one RDD of pairs: of its shapes, which glom-of-* show")
    for n, r in pair_shapes():
        case("glom-of-" + n, "parts", lambda: glom(r))
        case("combinebykey-1000-of-" + n, "set",
             lambda: r.combineByKey(F.add(1000), F.plus(), F.plus()).collect())
        case("combinebykey-1000-to3-of-" + n, "set",
             lambda: r.combineByKey(F.add(1000), F.plus(), F.plus(), 3).collect())
        case("aggregatebykey-zero10-of-" + n, "set",
             lambda: r.aggregateByKey(10, F.plus(), F.plus()).collect())
        case("aggregatebykey-count-of-" + n, "set",
             lambda: r.aggregateByKey(0, F.countRow(), F.plus()).collect())
        case("aggregatebykey-sets-of-" + n, "set",
             lambda: r.aggregateByKey(F.emptyInts(), F.addToInts(), F.mergeInts()).collect())
        case("foldbykey-zero10-of-" + n, "set", lambda: r.foldByKey(10, F.plus()).collect())
        case("reducebykey-of-" + n, "set", lambda: r.reduceByKey(F.plus()).collect())
        case("reducebykey-max-to5-of-" + n, "set", lambda: r.reduceByKey(F.biggest(), 5).collect())
        case("reducebykeylocally-of-" + n, "error" if n == "norows0" else "set",
             lambda: r.reduceByKeyLocally(F.plus()))
        case("groupbykey-of-" + n, "set", lambda: grouped(r.groupByKey()))
        case("groupbykey-to5-of-" + n, "set", lambda: grouped(r.groupByKey(5)))
        case("partitionby-hash4-of-" + n, "set", lambda: r.partitionBy(Hash(4)).collect())
        case("countbykey-of-" + n, "set", lambda: r.countByKey())
        case("distinct-of-" + n, "set", lambda: r.distinct().collect())
        case("distinct-keys-of-" + n, "set", lambda: r.keys().distinct(2).collect())
        case("repartition4-of-" + n, "set", lambda: r.repartition(4).collect())
        case("coalesce-shuffle4-of-" + n, "set", lambda: r.coalesce(4, True).collect())
        sorting_of(n, r)

    section("aggregateByKey of Spark's own test")
    case("aggregatebykey-sets-basic", "set",
         lambda: PP([(1, 1), (1, 1), (3, 2), (5, 1), (5, 3)], 2)
         .aggregateByKey(F.emptyInts(), F.addToInts(), F.mergeInts()).collect())
    section("the zero enters once for each key of each partition")
    for p in (1, 2, 3, 12):
        r = PP([(i % 3, i) for i in range(12)], p)
        case("aggregatebykey-zero100-p%d" % p, "set",
             lambda: r.aggregateByKey(100, F.plus(), F.plus()).collect())
        case("foldbykey-zero100-p%d" % p, "set", lambda: r.foldByKey(100, F.plus()).collect())
        case("foldbykey-zero100-p%d-hashed" % p, "set",
             lambda: r.partitionBy(Hash(p)).foldByKey(100, F.plus()).collect())
    section("groupBy")
    for n, r in shapes():
        case("groupby-mod3-" + n, "set", lambda: grouped(r.groupBy(F.mod(3))))
        case("groupby-mod3-to2-" + n, "set", lambda: grouped(r.groupBy(F.mod(3), 2)))
        case("treereduce-plus-" + n, "error" if n.startswith("norows") else "scalar",
             lambda: r.treeReduce(F.plus(), 2))
        for zero in (0, 1):
            case("treeaggregate-plus-zero%d-%s" % (zero, n), "scalar",
                 lambda: F.treeAggregate(r, zero, 2))
    section("partitionBy with a partitioner of one's own: key modulo n")
    k = PP([(i, i * i) for i in range(-4, 8)], 3)
    for p in (1, 2, 3, 5):
        case("partitionby-own%d" % p, "bags", lambda: glom(k.partitionBy(F.shifted(p, 0))))
    case("groupbykey-own2", "set", lambda: grouped(k.groupByKey(F.shifted(2, 0))))
    case("reducebykey-own2", "bags", lambda: glom(k.reduceByKey(F.shifted(2, 0), F.plus())))

    section("keys 0.0 and -0.0: to Spark one where rows are combined before the shuffle (a tuple's "
            "equality), two elsewhere (Double.equals); an engine may have them as one everywhere")
    z = PP([(0.0, 1), (-0.0, 2), (0.0, 4), (-0.0, 8)], 2)
    case("zeros-reducebykey", "set", lambda: z.reduceByKey(F.plus()).collect())
    case("zeros-groupbykey", "set", lambda: grouped(z.groupByKey()))
    case("zeros-countbykey", "set", lambda: z.countByKey())
    case("zeros-distinct-keys", "set", lambda: z.keys().distinct().collect())
    case("zeros-sortbykey", "bags", lambda: glom(z.sortByKey(True, 1)))
    case("zeros-join", "set", lambda: z.join(PP([(0.0, "x")], 1)).collect())
    case("zeros-subtractbykey", "set", lambda: z.subtractByKey(PP([(0.0, "x")], 1)).collect())
    case("zeros-lookup", "list", lambda: z.lookup(0.0))
    section("lookup compares NaN as a number: Spark never finds it, though groups have it as one key")
    case("nan-lookup", "list", lambda: PP([(NAN, 1)], 1).lookup(NAN))

    section("no partitions: Spark runs no task and gives no rows; fewer cannot be")
    r = PP([(1, 1)], 2)
    for n, form in ((0, "list"), (-1, "error")):
        case("reducebykey-to%d" % n, form, lambda: r.reduceByKey(F.plus(), n).collect())
        case("groupbykey-to%d" % n, form, lambda: r.groupByKey(n).collect())
        case("distinct-to%d" % n, form, lambda: r.distinct(n).collect())
        case("join-to%d" % n, form, lambda: r.join(r, n).collect())
    case("sortbykey-to0", "list", lambda: r.sortByKey(True, 0).collect())
    case("sortbykey-to-1", "error", lambda: r.sortByKey(True, -1))


def sorting_of(n, r):
    """Which rows a partition has follows from the bounds, which an engine may
    choose otherwise; the keys one after the other are the same.  Equal keys
    come in any order."""
    for how, s in (("", r.sortByKey()), ("-desc", r.sortByKey(False)),
                   ("-to1", r.sortByKey(True, 1)), ("-to3", r.sortByKey(True, 3)),
                   ("-desc-to5", r.sortByKey(False, 5))):
        case("sortbykey%s-of-%s" % (how, n), "list", lambda: s.keys().collect())
        case("sortbykey%s-rows-of-%s" % (how, n), "set", lambda: s.collect())
        case("sortbykey%s-parts-of-%s" % (how, n), "parts", lambda: glom(s.keys()))


def two_sided():
    """Left rows have ints, right ones texts."""
    a = [(1, 1), (1, 2), (2, 1), (3, 1)]
    b = [(1, "x"), (2, "y"), (2, "z"), (4, "w")]
    e = lambda: empty().mapToPair(F.pairSame())
    return [
        ("basic", PP(a, 2), PP(b, 3)),
        ("one-partition", PP(a, 1), PP(b, 1)),
        ("all", PP([(1, 1), (1, 2), (1, 3)], 2), PP([(1, "x"), (1, "y")], 2)),
        ("none", PP(a, 2), PP([(4, "x"), (5, "y"), (5, "z"), (6, "w")], 2)),
        ("dups", PP([(1, 1), (1, 1), (2, 3), (2, 4), (3, 5)], 3),
         PP([(2, "x"), (2, "x"), (1, "y"), (1, "z"), (5, "")], 2)),
        ("norows3-right", PP(a, 2), no_pairs(3)),
        ("norows3-left", no_pairs(3), PP(b, 2)),
        ("norows0-right", PP(a, 2), e()),
        ("norows0-left", e(), PP(b, 2)),
        ("norows", no_pairs(3), no_pairs(2)),
        ("norows0", e(), e()),
        ("hollow", PP([(1, 1), (2, 2)], 8), PP([(2, "x"), (3, "y")], 5)),
        ("signed", PP([(INT_MIN, 1), (INT_MAX, 2), (0, 3), (-1, 4), (-256, 5)], 3),
         PP([(INT_MIN, "x"), (INT_MIN, "y"), (INT_MAX, "z"), (1, "v"), (-1, "w")], 2)),
        ("long", LP([(LONG_MIN, 1), (LONG_MAX, 2), (0, 3), (4294967296, 4)], 2),
         LP([(LONG_MIN, "x"), (LONG_MAX, "y"), (4294967296, "z"), (-4294967296, "w")], 3)),
        ("text", PP([("", 1), ("a", 2), ("\u00e4", 3), ("\U0001f600", 4), (LONG_TEXT, 5),
                     (LONG_TEXT + "?", 6), ("", 7)], 3),
         PP([("", "x"), ("A", "y"), ("\u00e4", "\u20ac"), ("\U0001f600", ""), (LONG_TEXT, "z"),
             (LONG_TEXT + "!", "v"), (LONG_TEXT, "w")], 2)),
        ("double", PP([(NAN, 1), (1.5, 2), (INF, 3), (-INF, 4), (NAN, 5)], 2),
         PP([(NAN, "x"), (1.5, "y"), (INF, "z"), (2.5, "w")], 2)),
    ]


def groups(rdd):
    """The rows of a cogroup: the values of each side sorted."""
    return [(t._1(), tuple(sorted(rows(side)) for side in sides(t._2()))) for t in rdd.collect()]


def sides(tuple_n):
    it, out = tuple_n.productIterator(), []
    while it.hasNext():
        out.append(it.next())
    return out


def wide_of_two():
    section("wide operations of two RDDs: their rows are shown by glom-left-*, glom-right-*")
    for n, a, b in two_sided():
        case("glom-left-" + n, "parts", lambda: glom(a))
        case("glom-right-" + n, "parts", lambda: glom(b))
        case("join-" + n, "set", lambda: a.join(b).collect())
        case("join-to3-" + n, "set", lambda: a.join(b, 3).collect())
        case("leftouterjoin-" + n, "set", lambda: a.leftOuterJoin(b).collect())
        case("rightouterjoin-" + n, "set", lambda: a.rightOuterJoin(b).collect())
        case("fullouterjoin-" + n, "set", lambda: a.fullOuterJoin(b).collect())
        case("cogroup-" + n, "set", lambda: groups(a.cogroup(b)))
        case("cogroup-self-" + n, "set", lambda: groups(a.cogroup(a)))
        case("join-self-" + n, "set", lambda: a.join(a).collect())
        case("subtractbykey-" + n, "set", lambda: a.subtractByKey(b).collect())
        case("subtractbykey-swapped-" + n, "set", lambda: b.subtractByKey(a).collect())
        case("subtractbykey-self-" + n, "set", lambda: a.subtractByKey(a).collect())
        case("subtract-keys-" + n, "set", lambda: a.keys().subtract(b.keys()).collect())
        case("subtract-keys-to3-" + n, "set", lambda: a.keys().subtract(b.keys(), 3).collect())
        case("intersection-keys-" + n, "set", lambda: a.keys().intersection(b.keys()).collect())
        case("union-distinct-keys-" + n, "set",
             lambda: a.keys().union(b.keys()).distinct(3).collect())

    section("whole rows: subtract keeps duplicates, intersection does not")
    p = PP([(1, 1), (1, 1), (1, 2), (2, 2), (3, 3), (3, 3)], 3)
    q = PP([(1, 2), (2, 2), (2, 2), (3, 4)], 2)
    case("subtract-pairs", "set", lambda: p.subtract(q).collect())
    case("subtract-pairs-swapped", "set", lambda: q.subtract(p).collect())
    case("intersection-pairs", "set", lambda: p.intersection(q).collect())
    case("subtract-self", "set", lambda: p.subtract(p).collect())
    case("intersection-self", "set", lambda: p.intersection(p).collect())
    case("subtractbykey-spark", "set",
         lambda: PP([(1, "a"), (1, "a"), (2, "b"), (3, "c")], 2)
         .subtractByKey(PP([(2, 20), (3, 30), (4, 40)], 2)).collect())

    section("cogroup of three and four RDDs")
    a = PP([(1, 1), (1, 2), (2, 1), (3, 1)], 2)
    b = PP([(1, "x"), (2, "y"), (2, "z"), (4, "w")], 3)
    c = PP([(1, "a"), (3, "b"), (4, "c"), (4, "d")], 1)
    d = PP([(2, "@")], 4)
    none = no_pairs(3)
    case("groupwith-2", "set", lambda: groups(a.groupWith(b)))
    case("groupwith-3", "set", lambda: groups(a.groupWith(b, c)))
    case("groupwith-4", "set", lambda: groups(a.groupWith(b, c, d)))
    case("cogroup-3-to2", "set", lambda: groups(a.cogroup(b, c, 2)))
    case("cogroup-4-to2", "set", lambda: groups(a.cogroup(b, c, d, 2)))
    case("cogroup-3-norows", "set", lambda: groups(none.cogroup(b, none)))
    case("cogroup-3-norows-all", "set", lambda: groups(none.cogroup(none, none)))
    case("cogroup-4-norows0", "set",
         lambda: groups(a.cogroup(empty().mapToPair(F.pairSame()), none, d)))
    case("cogroup-3-self", "set", lambda: groups(b.cogroup(b, b)))
    case("cogroup-4-own2", "set",
         lambda: groups(a.cogroup(b, c, d, F.shifted(2, 0))))


def placed():
    """How many partitions, whether by key, and what a job of it runs."""
    def all_of(name, make):
        case(name + "-partitions", "scalar", lambda: make().getNumPartitions())
        case(name + "-partitioner", "scalar", lambda: has(make()))
        case(name + "-jobs", "list", lambda: shape(lambda: make().count()))

    section("partitions, presence of a partitioner, and [stages, skipped, tasks, skipped] of a "
            "count: of pairs in 2 partitions (plain2), by hash in 4 (hash4), by key in 3 (own3)")
    values = [(i % 5, i) for i in range(20)]
    one = [("plain2", lambda: PP(values, 2)), ("hash4", lambda: PP(values, 2).partitionBy(Hash(4))),
           ("own3", lambda: PP(values, 2).partitionBy(F.shifted(3, 0)))]
    ops = [("combinebykey", lambda r: r.combineByKey(F.add(0), F.plus(), F.plus())),
           ("aggregatebykey", lambda r: r.aggregateByKey(0, F.plus(), F.plus())),
           ("foldbykey", lambda r: r.foldByKey(0, F.plus())),
           ("reducebykey", lambda r: r.reduceByKey(F.plus())),
           ("reducebykey-to4", lambda r: r.reduceByKey(F.plus(), 4)),
           ("groupbykey", lambda r: r.groupByKey()),
           ("groupbykey-to6", lambda r: r.groupByKey(6)),
           ("groupby", lambda r: r.keys().groupBy(F.same())),
           ("partitionby-hash4", lambda r: r.partitionBy(Hash(4))),
           ("partitionby-hash6", lambda r: r.partitionBy(Hash(6))),
           ("partitionby-own3", lambda r: r.partitionBy(F.shifted(3, 0))),
           ("distinct", lambda r: r.distinct()),
           ("distinct-to4", lambda r: r.distinct(4)),
           ("sortbykey", lambda r: r.sortByKey()),
           ("sortbykey-to6", lambda r: r.sortByKey(True, 6)),
           ("sortby", lambda r: r.keys().sortBy(F.same(), True, 2)),
           ("repartitionandsort-own3",
            lambda r: r.repartitionAndSortWithinPartitions(F.shifted(3, 0))),
           ("filterbyrange", lambda r: r.filterByRange(1, 3)),
           ("sorted-filterbyrange", lambda r: r.sortByKey(True, 3).filterByRange(1, 3)),
           ("repartition5", lambda r: r.repartition(5)),
           ("coalesce3", lambda r: r.coalesce(3)),
           ("coalesce-shuffle3", lambda r: r.coalesce(3, True)),
           ("mapvalues", lambda r: r.mapValues(F.add(1))),
           ("sample", lambda r: r.sample(False, 0.5, 1)),
           ("samplebykey", lambda r: r.sampleByKey(False, {k: 0.5 for k in range(5)}, 1)),
           ("reducebykey-sortbykey", lambda r: r.reduceByKey(F.plus()).sortByKey()),
           ("sortbykey-reducebykey", lambda r: r.sortByKey().reduceByKey(F.plus())),
           ("sortbykey-groupbykey", lambda r: r.sortByKey().groupByKey())]
    for ln, make in one:
        for op, f in ops:
            all_of("placed-%s-%s" % (op, ln), lambda: f(make()))

    section("the same of two RDDs: other3 has 3 partitions and no partitioner")
    two = [("plain2", one[0][1]), ("other3", lambda: PP(values, 3)), ("hash4", one[1][1]),
           ("hash2", lambda: PP(values, 2).partitionBy(Hash(2))), ("own3", one[2][1])]
    ops = [("join", lambda a, b: a.join(b)), ("join-to4", lambda a, b: a.join(b, 4)),
           ("leftouterjoin", lambda a, b: a.leftOuterJoin(b)),
           ("rightouterjoin", lambda a, b: a.rightOuterJoin(b)),
           ("fullouterjoin", lambda a, b: a.fullOuterJoin(b)),
           ("cogroup", lambda a, b: a.cogroup(b)),
           ("subtractbykey", lambda a, b: a.subtractByKey(b)),
           ("subtract", lambda a, b: a.subtract(b)),
           ("intersection", lambda a, b: a.intersection(b)),
           ("union", lambda a, b: a.union(b))]
    for (ln, left), (rn, right) in [(x, y) for x in two for y in two]:
        for op, f in ops:
            all_of("placed-%s-%s-%s" % (op, ln, rn), lambda: f(left(), right()))


def default_partitions():
    section("the default number of partitions; p: without partitioner, h: by hash")
    none = lambda n: PP([(1, 1)], 1).union(no_pairs(n - 1))
    hashed = lambda n: PP([(1, 1)], 1).partitionBy(Hash(n))
    makers = {"p": none, "h": hashed}

    def partitions(inputs):
        rdds = [makers[i[0]](int(i[1:])) for i in inputs]
        return rdds[0].cogroup(*rdds[1:]).getNumPartitions()

    lists = ("p1000-h10 p20-h10 p20-p10 p150-h10 h10-h100 h100-p150 p150-h10-h100 h9-p11 p11-p11 "
             "p150-h3 p10-h1 p9-h1 h3-h5 h5-h3 p2-h2-p30 p100-h10 p101-h10").split()
    for inputs in lists:
        case("cogroup-default-" + inputs, "scalar", lambda: partitions(inputs.split("-")))
    # What spark.default.parallelism says is asked for at each call.
    jsc.sc().conf().set("spark.default.parallelism", "4")
    for inputs in lists:
        case("cogroup-parallelism4-" + inputs, "scalar", lambda: partitions(inputs.split("-")))
    case("reducebykey-parallelism4-p20", "scalar",
         lambda: none(20).reduceByKey(F.plus()).getNumPartitions())
    case("groupbykey-parallelism4-h10", "scalar", lambda: hashed(10).groupByKey()
         .getNumPartitions())
    case("distinct-parallelism4-p20", "scalar",
         lambda: none(20).distinct().getNumPartitions())
    case("sortbykey-parallelism4-p20", "scalar",
         lambda: PP([(i, i) for i in range(100)], 20).sortByKey().getNumPartitions())
    jsc.sc().conf().remove("spark.default.parallelism")


def ordering():
    section("sorting 1000 pairs, row i of key i * 7919 modulo 1009, in 4 partitions")
    r = PP([(i * 7919 % 1009, i) for i in range(1000)], 4)
    for how, s in (("", r.sortByKey()), ("-desc", r.sortByKey(False)), ("-to9", r.sortByKey(True, 9))):
        keys = glom(s.keys())
        # Which keys are sampled follows from the RDD's number, so the exact sizes do too.
        share = 1000 / len(keys)
        case("sortbykey-1000%s-balanced" % how, "scalar",
             lambda: all(share * 0.4 < len(p) < share * 1.6 for p in keys))
        flat = [k for p in keys for k in p]
        case("sortbykey-1000%s-first" % how, "list", lambda: flat[:12])
        case("sortbykey-1000%s-last" % how, "list", lambda: flat[-12:])
        case("sortbykey-1000%s-sorted" % how, "scalar",
             lambda: flat == sorted(flat, reverse=how == "-desc"))
    section("how many partitions sorting has, for skewed keys")
    for n, keys in (("equal", [5] * 100), ("one-other", [5] * 99 + [6]),
                    ("nine-tenths", [5] * 90 + list(range(10))), ("two", [1, 2] * 50),
                    ("hundred", list(range(100)))):
        for p in (1, 2, 7):
            s = PP([(k, 0) for k in keys], 3).sortByKey(True, p)
            case("sortbykey-skew-%s-to%d-partitions" % (n, p), "scalar",
                 lambda: s.getNumPartitions())
            case("sortbykey-skew-%s-to%d-sizes" % (n, p), "list",
                 lambda: [len(x) for x in glom(s)])

    section("sortBy")
    r = P([3, -1, 2, 2, 0, 10, -7, 5, 3], 3)
    for p in (1, 2, 4):
        for up in (True, False):
            how = "%s-to%d" % ("asc" if up else "desc", p)
            case("sortby-same-" + how, "list", lambda: r.sortBy(F.same(), up, p).collect())
            case("sortby-text-" + how, "list", lambda: r.sortBy(F.text(), up, p).collect())
            case("sortby-mod3-%s" % how, "list",
                 lambda: r.sortBy(F.mod(3), up, p).map(F.mod(3)).collect())
            case("sortby-mod3-rows-%s" % how, "set", lambda: r.sortBy(F.mod(3), up, p).collect())
    for n, s in shapes():
        case("sortby-same-" + n, "list", lambda: s.sortBy(F.same(), True, 2).collect())
    words = P(["b", "", "a", "\u00e4", "ab", "B", LONG_TEXT, "\u20ac", "aa", LONG_TEXT[:-1]], 3)
    case("sortby-words", "list", lambda: words.sortBy(F.same(), True, 2).collect())
    case("sortby-words-desc", "list", lambda: words.sortBy(F.same(), False, 3).collect())
    section("texts beyond U+FFFF and after U+D800: Java compares UTF-16, bytes of UTF-8 differ")
    case("sortby-utf16", "list",
         lambda: P(["\U0001f600", "\uff01", "a"], 2).sortBy(F.same(), True, 1).collect())
    section("doubles: NaN is the largest, -0.0 is below 0.0")
    case("sortby-doubles", "list",
         lambda: P([NAN, 0.0, -0.0, INF, -INF, 1.5, NAN, -2.5], 3)
         .sortBy(F.same(), True, 1).collect())
    case("sortby-doubles-desc", "list",
         lambda: P([NAN, 0.5, INF, -INF, 1.5, NAN, -2.5], 3).sortBy(F.same(), False, 2).collect())

    section("repartitionAndSortWithinPartitions, by key modulo n")
    s = PP([(i * 7 % 23 - 5, i) for i in range(40)], 4)
    for p in (1, 2, 3):
        case("repartitionandsort-own%d-keys" % p, "parts",
             lambda: glom(s.repartitionAndSortWithinPartitions(F.shifted(p, 0)).keys()))
        case("repartitionandsort-own%d" % p, "bags",
             lambda: glom(s.repartitionAndSortWithinPartitions(F.shifted(p, 0))))
        case("repartitionandsort-own%d-desc-keys" % p, "parts",
             lambda: glom(s.repartitionAndSortWithinPartitions(F.shifted(p, 0), F.reversed())
                          .keys()))
    case("repartitionandsort-own2-norows0", "parts",
         lambda: glom(no_pairs(0).repartitionAndSortWithinPartitions(F.shifted(2, 0))))
    case("repartitionandsort-own2-norows3", "parts",
         lambda: glom(no_pairs(3).repartitionAndSortWithinPartitions(F.shifted(2, 0))))
    case("repartitionandsort-again-keys", "parts",
         lambda: glom(s.partitionBy(F.shifted(2, 0))
                      .repartitionAndSortWithinPartitions(F.shifted(2, 0)).keys()))
    case("repartitionandsort-bad-partition", "error",
         lambda: s.repartitionAndSortWithinPartitions(F.shifted(2, 5)).collect())

    section("filterByRange: of 1..1000 mixed in 4 partitions, of the same sorted, both ends in")
    mixed = PP([(i * 7919 % 1009, i) for i in range(1009)], 4)
    up, down = mixed.sortByKey(True, 4), mixed.sortByKey(False, 4)
    for lo, hi in ((20, 40), (0, 0), (-5, 3), (1000, 2000), (2000, 3000), (40, 20), (-9, -1)):
        for how, r in (("plain", mixed), ("sorted", up), ("desc", down)):
            name = "filterbyrange-%d-to-%d-%s" % (lo, hi, how)
            case(name, "set" if how == "plain" else "list",
                 lambda: r.filterByRange(lo, hi).keys().collect())
            case(name + "-partitions", "scalar", lambda: r.filterByRange(lo, hi).getNumPartitions())
    texts = PP([(w, 1) for w in ("b", "", "a", "\u00e4", "ab", "B", "c")], 3)
    for n, lo, hi in (("a-to-b", "a", "b"), ("none-to-a", "", "a"), ("ab-to-ac", "ab", "ac")):
        case("filterbyrange-text-%s" % n, "set",
             lambda: texts.filterByRange(lo, hi).keys().collect())
        case("filterbyrange-text-%s-sorted" % n, "list",
             lambda: texts.sortByKey().filterByRange(lo, hi).keys().collect())


def strata():
    section("sampleByKey: 1000 rows each of keys 0..3, fractions 0, 0.1, 0.5 and 1: (key, least, "
            "most) rows of 20 seeds; another generator must stay near")
    r = PP([(i % 4, i) for i in range(4000)], 3)
    fractions = {0: 0.0, 1: 0.1, 2: 0.5, 3: 1.0}

    def bounds(sample):
        counts = [dict(sample(seed).countByKey()) for seed in range(1, 21)]
        return [(k, min(c.get(k, 0) for c in counts), max(c.get(k, 0) for c in counts))
                for k in range(4)]
    case("samplebykey-bounds", "list", lambda: bounds(lambda s: r.sampleByKey(False, fractions, s)))
    more = {0: 0.01, 1: 0.1, 2: 0.5, 3: 2.0}
    case("samplebykey-replace-bounds", "list",
         lambda: bounds(lambda s: r.sampleByKey(True, more, s)))
    case("samplebykey-replace-zero", "error",
         lambda: r.sampleByKey(True, fractions, 1).collect())
    case("samplebykeyexact-sizes", "set",
         lambda: r.sampleByKeyExact(False, fractions, 1).countByKey())
    case("samplebykeyexact-replace-sizes", "set",
         lambda: r.sampleByKeyExact(True, more, 1).countByKey())
    case("samplebykey-negative", "error", lambda: r.sampleByKey(False, {0: -0.5}, 1))
    case("samplebykey-over-1", "error", lambda: r.sampleByKey(False, {0: 1.5}, 1).collect())
    case("samplebykey-missing", "error", lambda: r.sampleByKey(False, {0: 0.5}, 1).collect())
    case("samplebykey-norows0", "list",
         lambda: no_pairs(0).sampleByKey(False, fractions, 1).collect())


def wide_cases():
    wide_of_one()
    wide_of_two()
    placed()
    default_partitions()
    ordering()
    strata()
