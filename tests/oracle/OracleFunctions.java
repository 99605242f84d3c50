/*
 * The closures of the golden cases.
 *
 * PySpark runs its own Python version of many operations (zip, distinct, take,
 * treeAggregate, histogram ...), and that version differs from the Scala one in
 * row order, in error texts and in the number of jobs.  The golden program
 * therefore calls the Java API, which is a thin skin over the Scala RDDs, and
 * takes every function that it passes from this class.
 */
package cerium.oracle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;

import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaDoubleRDD;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.DoubleFunction;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.FlatMapFunction2;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.util.StatCounter;

import scala.Tuple2;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

public final class OracleFunctions {
  private OracleFunctions() {}

  /* Rows of the cases are int (Integer) unless the name says otherwise. */

  public static Function<Integer, Integer> add(int n) { return x -> x + n; }

  public static Function<Integer, Integer> times(int n) { return x -> x * n; }

  public static Function<Integer, Double> plusOneAsDouble() { return x -> x + 1.0; }

  public static DoubleFunction<Integer> toDouble() { return x -> x; }

  public static Function<Integer, String> text() { return x -> Integer.toString(x); }

  public static Function<Integer, Integer> mod(int n) { return x -> Math.floorMod(x, n); }

  public static Function<Object, Object> same() { return x -> x; }

  public static Function<Integer, Integer> nullRow() { return x -> null; }

  public static Function<String, String> field(int n) { return s -> s.split("\\|")[n]; }

  public static Function<Integer, Boolean> greater(int n) { return x -> x > n; }

  public static Function<Double, Boolean> atLeast(double n) { return x -> x >= n; }

  public static Function<Tuple2<Integer, Integer>, Boolean> keyGreater(int n) {
    return t -> t._1() > n;
  }

  /* Python's numbers come as Integer where they fit: keys of one type sort and meet. */
  public static PairFunction<Tuple2<Number, Object>, Long, Object> longKey() {
    return t -> new Tuple2<>(t._1().longValue(), t._2());
  }

  public static FlatMapFunction<Integer, Integer> upTo() {
    return x -> {
      List<Integer> out = new ArrayList<>();
      for (int i = 1; i <= x; i++) out.add(i);
      return out.iterator();
    };
  }

  public static FlatMapFunction<Iterator<Integer>, Integer> partitionSum() {
    return it -> {
      int sum = 0;
      while (it.hasNext()) sum += it.next();
      return List.of(sum).iterator();
    };
  }

  public static Function2<Integer, Iterator<Integer>, Iterator<Tuple2<Integer, Integer>>>
      partitionSumWithIndex() {
    return (index, it) -> {
      int sum = 0;
      while (it.hasNext()) sum += it.next();
      return List.of(new Tuple2<>(index, sum)).iterator();
    };
  }

  public static FlatMapFunction2<Iterator<Integer>, Iterator<Integer>, Integer> countBoth() {
    return (a, b) -> {
      int n = 0;
      for (; a.hasNext(); a.next()) n++;
      for (; b.hasNext(); b.next()) n += 100;
      return List.of(n).iterator();
    };
  }

  public static PairFunction<Integer, Integer, Integer> pairSame() {
    return x -> new Tuple2<>(x, x);
  }

  public static PairFunction<Integer, Integer, Integer> pairMod(int n) {
    return x -> new Tuple2<>(Math.floorMod(x, n), x);
  }

  public static PairFunction<String, String, Integer> wordOne() {
    return s -> new Tuple2<>(s, 1);
  }

  public static Function2<Integer, Integer, Integer> plus() { return (a, b) -> a + b; }

  public static Function2<Integer, Integer, Integer> biggest() { return (a, b) -> Math.max(a, b); }

  public static Function2<Integer, Integer, Integer> countRow() { return (n, row) -> n + 1; }

  public static TreeSet<Integer> emptyInts() { return new TreeSet<>(); }

  public static Function2<TreeSet<Integer>, Integer, TreeSet<Integer>> addToInts() {
    return (set, x) -> {
      set.add(x);
      return set;
    };
  }

  public static Function2<TreeSet<Integer>, TreeSet<Integer>, TreeSet<Integer>> mergeInts() {
    return (a, b) -> {
      a.addAll(b);
      return a;
    };
  }

  public static HashMap<String, Integer> emptySums() { return new HashMap<>(); }

  public static Function2<HashMap<String, Integer>, Tuple2<String, Integer>,
      HashMap<String, Integer>> addToSums() {
    return (m, t) -> {
      m.merge(t._1(), t._2(), Integer::sum);
      return m;
    };
  }

  public static Function2<HashMap<String, Integer>, HashMap<String, Integer>,
      HashMap<String, Integer>> mergeSums() {
    return (a, b) -> {
      b.forEach((k, v) -> a.merge(k, v, Integer::sum));
      return a;
    };
  }

  private static final class Natural implements Comparator<Comparable<Object>>, Serializable {
    private static final long serialVersionUID = 1L;
    private final boolean reverse;
    Natural(boolean reverse) { this.reverse = reverse; }
    @Override public int compare(Comparable<Object> a, Comparable<Object> b) {
      return reverse ? b.compareTo(a) : a.compareTo(b);
    }
  }

  public static Comparator<?> natural() { return new Natural(false); }

  public static Comparator<?> reversed() { return new Natural(true); }

  /* Puts key k in partition k mod n, or out of range for every key when shift is not 0. */
  private static final class Shifted extends Partitioner {
    private static final long serialVersionUID = 1L;
    private final int n;
    private final int shift;
    Shifted(int n, int shift) { this.n = n; this.shift = shift; }
    @Override public int numPartitions() { return n; }
    @Override public int getPartition(Object key) {
      return Math.floorMod((Integer) key, n) + shift;
    }
  }

  public static Partitioner shifted(int n, int shift) { return new Shifted(n, shift); }

  /* ---- what the Java API has no direct form of ---- */

  private static ClassTag<Object> anyTag() { return ClassTag$.MODULE$.apply(Object.class); }

  /** SparkContext.parallelize of a Scala Range, which is sliced as a range. */
  public static JavaRDD<Object> parallelizeRange(JavaSparkContext jsc, int start, int end,
      int step, boolean inclusive, int n) {
    scala.collection.immutable.Range range = inclusive
        ? scala.collection.immutable.Range$.MODULE$.inclusive(start, end, step)
        : scala.collection.immutable.Range$.MODULE$.apply(start, end, step);
    @SuppressWarnings("unchecked")
    scala.collection.immutable.Seq<Object> seq =
        (scala.collection.immutable.Seq<Object>) (Object) range;
    return jsc.sc().parallelize(seq, n, anyTag()).toJavaRDD();
  }

  /** RDD.treeAggregate on Integer rows with a zero that is not neutral. */
  public static Object treeAggregate(JavaRDD<Integer> rdd, int zero, int depth) {
    return rdd.treeAggregate(zero, plus(), plus(), depth);
  }

  /**
   * What stats() computes, merged in partition order.  stats() itself merges in
   * the order in which tasks end, which changes the last bits from run to run.
   */
  public static StatCounter statsInOrder(JavaDoubleRDD rdd) {
    FlatMapFunction<Iterator<Double>, StatCounter> one = it -> {
      StatCounter c = new StatCounter();
      while (it.hasNext()) c.merge(it.next());
      return List.of(c).iterator();
    };
    StatCounter all = null;
    for (StatCounter c : rdd.mapPartitions(one).collect()) all = all == null ? c : all.merge(c);
    return all == null ? new StatCounter() : all;
  }

  /** The buckets that hold something, as (index, count). */
  public static List<Tuple2<Integer, Long>> nonZero(long[] counts) {
    List<Tuple2<Integer, Long>> out = new ArrayList<>();
    for (int i = 0; i < counts.length; i++)
      if (counts[i] != 0) out.add(new Tuple2<>(i, counts[i]));
    return out;
  }

  public static Double[] boxed(double[] values) {
    Double[] out = new Double[values.length];
    for (int i = 0; i < values.length; i++) out[i] = values[i];
    return out;
  }

  public static JavaRDD<String> hex(JavaRDD<byte[]> rdd) {
    return rdd.map(bytes -> {
      StringBuilder s = new StringBuilder();
      for (byte b : bytes) s.append(String.format("%02x", b));
      return s.toString();
    });
  }

  /** Runs a job on the named partitions and gives the row count of each. */
  public static List<Integer> runJob(JavaRDD<Integer> rdd, List<Integer> partitions) {
    List<Object> ids = new ArrayList<>(partitions);
    scala.collection.immutable.Seq<Object> seq =
        scala.collection.JavaConverters.asScalaBuffer(ids).toList();
    scala.runtime.AbstractFunction1<scala.collection.Iterator<Integer>, Object> size = new Size();
    Object out = rdd.rdd().context().runJob(rdd.rdd(), size, seq, anyTag());
    List<Integer> sizes = new ArrayList<>();
    for (Object o : (Object[]) out) sizes.add((Integer) o);
    return sizes;
  }

  private static final class Size
      extends scala.runtime.AbstractFunction1<scala.collection.Iterator<Integer>, Object>
      implements Serializable {
    private static final long serialVersionUID = 1L;
    @Override public Object apply(scala.collection.Iterator<Integer> it) { return it.size(); }
  }

  public static List<Integer> sizes(JavaRDD<Object> rdd) {
    FlatMapFunction<Iterator<Object>, Integer> one = it -> {
      int n = 0;
      for (; it.hasNext(); it.next()) n++;
      return List.of(n).iterator();
    };
    return rdd.mapPartitions(one).collect();
  }

  /** Three stages of n tasks each. */
  public static JavaPairRDD<Integer, Iterable<Tuple2<Integer, Iterable<Integer>>>> twoShuffles(
      JavaRDD<Integer> rdd, int n) {
    return rdd.map(x -> x).groupBy(x -> x % 4, n).flatMap(t -> List.of(t).iterator())
        .groupBy(t -> t._1() % 2, n);
  }
}
