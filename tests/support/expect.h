/*
 * expect.h: saying in one line what an RDD must hold, inside a body of grid.h: the status is an action's that failed,
 * rows that differ fail the test.
 *
 *     return expect_parts(ce_glom(numbers(sc, 4, 2)), "[[[1,2]],[[3,4]]]");
 */
#ifndef CERIUM_TESTS_EXPECT_H
#define CERIUM_TESTS_EXPECT_H

#include "support/grid.h"

/* 1 .. count in partitions. */
ce_rdd *numbers(ce_context *sc, int64_t count, uint32_t partitions);

/* The strings "1" .. "count", every third one with many letters. They are made batch by batch, so each is gone after
 * the next pull. */
ce_rdd *words(ce_context *sc, int64_t count, uint32_t partitions);

/*
 * The rows of each partition, in order: by a job, and by tasks of a plan of the RDD read back from bytes, whose inputs
 * get one row at a time. Below a shuffle may be only what partition_by, repartition and reduce_by_key give, whose rows
 * cross it as they are.
 */
ce_status expect_parts(ce_rdd *rdd, const char *want);
/* The rows of each partition sorted by text. */
ce_status expect_bags(ce_rdd *rdd, const char *want);

/* As expect_parts, with the answer of Spark to a case: forms parts, bags, list and set. */
ce_status expect_golden(ce_rdd *rdd, const char *name);

/* count gives this, by whatever way the operator counts. */
ce_status expect_count(ce_rdd *rdd, uint64_t want);

/* The RDD is poisoned with this status, and its sentence holds the text and the name of this operator. */
void expect_poisoned(ce_rdd *rdd, ce_status status, const char *operator_name, const char *text);

/* collect fails with this status and a sentence that holds the text. */
void expect_failure(ce_rdd *rdd, ce_status status, const char *text);

/* The body runs on a context of its own, once: for what does not depend on the topology. */
void expect_once(grid_body *body, void *arg);

#endif
