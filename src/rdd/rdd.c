/*
 * rdd.c: what a program can ask a node: status, name, type, partitions, determinism, and its lineage as text.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "rdd/node.h"
#include <stdio.h>

ce_status ce_rdd_status(const ce_rdd *rdd)
{
    if (!rdd) {
        return cei_fail(CE_INVALID, "the RDD is NULL");
    }
    return rdd->status == CE_OK ? CE_OK : cei_fail(rdd->status, "%s", rdd->error);
}

int32_t ce_rdd_id(const ce_rdd *rdd)
{
    return rdd ? rdd->id : -1;
}

const char *ce_rdd_name(const ce_rdd *rdd)
{
    return rdd ? cei_node_name(rdd) : "";
}

const ce_type *ce_rdd_type(const ce_rdd *rdd)
{
    return rdd ? rdd->type : NULL;
}

ce_rdd *ce_set_name(ce_rdd *rdd, const char *name)
{
    if (rdd && rdd->scope) {
        cei_lock_take(&rdd->scope->lock);
        char *copy = name ? cei_arena_strdup(&rdd->scope->arena, name) : NULL;
        cei_lock_give(&rdd->scope->lock);
        atomic_store_explicit(&rdd->name, copy, memory_order_release);
    }
    return rdd;
}

ce_status ce_partition_count(ce_rdd *rdd, uint32_t *count)
{
    *count = 0;
    CE_TRY(cei_node_prepare(rdd));
    *count = rdd->partition_count;
    return CE_OK;
}

ce_status ce_preferred_locations(ce_rdd *rdd, uint32_t partition, const char *const **hosts, uint32_t *count)
{
    *hosts = NULL;
    *count = 0;
    CE_TRY(cei_node_prepare(rdd));
    if (partition >= rdd->partition_count) {
        return cei_fail(CE_INVALID, "%s has no partition %u: it has %u", cei_node_name(rdd), partition,
                        rdd->partition_count);
    }
    /* Like Spark: the node's own, else the first parent's that is narrow and one to one. */
    const ce_rdd *node = rdd;
    while (!node->op->hosts && node->parent_count && !node->shuffle &&
           node->parents[0]->partition_count == node->partition_count) {
        node = node->parents[0];
    }
    return node->op->hosts ? node->op->hosts(node, partition, hosts, count) : CE_OK;
}

ce_determinism ce_rdd_determinism(const ce_rdd *rdd)
{
    if (!rdd) {
        return CE_INDETERMINATE;
    }
    if (rdd->op->determinism) {
        return rdd->op->determinism(rdd);
    }
    ce_determinism least = CE_DETERMINATE;
    for (uint32_t i = 0; i < rdd->parent_count; i++) {
        ce_determinism parent = ce_rdd_determinism(rdd->parents[i]);
        least = parent > least ? parent : least;
    }
    if (rdd->shuffle) {
        /* Round robin gives a row a place by its position: with positions that vary, so do the rows of a partition. */
        bool by_position = rdd->shuffle->partitioner.kind == CEI_PARTITIONER_ROUND;
        bool varies = least == CE_INDETERMINATE || (by_position && least == CE_UNORDERED);
        least = varies ? CE_INDETERMINATE : CE_UNORDERED;
    }
    return least;
}

bool ce_rdd_has_partitioner(const ce_rdd *rdd)
{
    return rdd && rdd->partitioner.kind != CEI_PARTITIONER_NONE;
}

bool ce_rdd_same_partitioner(const ce_rdd *a, const ce_rdd *b)
{
    return a && b && cei_partitioner_equal(a->partitioner, b->partitioner);
}

/* ---- the lineage as text ----
 *
 * As Spark's toDebugString: a narrow parent below its child, a shuffled one behind +- one level deeper. Names stand
 * below each other, so a bar's place follows from the width of the partition count above it.
 *
 *     (2) reduce_by_key[3] at word_count.c:14
 *      +-(2) flat_map[1] at word_count.c:13
 *         |  text_file[0] at word_count.c:12
 */

enum debug_place { DEBUG_ROOT, DEBUG_NARROW, DEBUG_SHUFFLED, DEBUG_SHUFFLED_LAST };

/* The prefix of what stands below a node with its partition count: a bar under the middle of the count. */
static void debug_bar(cei_buffer *prefix, const ce_rdd *node)
{
    char count[16];
    int bytes = snprintf(count, sizeof count, "(%u)", node->partition_count), left = (bytes - 1) / 2;
    cei_buffer_printf(prefix, "%*s|%*s", left, "", bytes - left, "");
}

/* Without the bar at its end: where +- stands. */
static size_t debug_before_bar(const char *prefix)
{
    size_t bytes = strlen(prefix);
    while (bytes && prefix[bytes - 1] == ' ') {
        bytes--;
    }
    return bytes && prefix[bytes - 1] == '|' ? bytes - 1 : strlen(prefix);
}

static void debug_node(cei_buffer *text, const ce_rdd *node, const char *prefix, enum debug_place place)
{
    cei_buffer below = {0};
    if (place == DEBUG_NARROW) {
        cei_buffer_text(text, prefix);
        cei_buffer_text(&below, prefix);
    } else {
        size_t before = place == DEBUG_ROOT ? 0 : debug_before_bar(prefix);
        cei_buffer_append(text, prefix, before);
        cei_buffer_append(&below, prefix, before);
        cei_buffer_printf(text, "%s(%u) ", place == DEBUG_ROOT ? "" : "+-", node->partition_count);
        cei_buffer_text(&below, place == DEBUG_ROOT ? "" : place == DEBUG_SHUFFLED ? "| " : "  ");
        debug_bar(&below, node);
    }
    cei_buffer_printf(text, "%s[%d] at %s:%d\n", cei_node_name(node), node->id, node->site.file, node->site.line);
    const char *next = cei_buffer_cstr(&below);
    text->failed |= next == NULL;
    for (uint32_t i = 0; i < node->parent_count && next && !text->failed; i++) {
        enum debug_place shuffled = i + 1 == node->parent_count ? DEBUG_SHUFFLED_LAST : DEBUG_SHUFFLED;
        debug_node(text, node->parents[i], next, node->shuffle ? shuffled : DEBUG_NARROW);
    }
    cei_buffer_close(&below);
}

ce_status ce_to_debug_string(ce_rdd *rdd, char **text)
{
    *text = NULL;
    CE_TRY(cei_node_prepare(rdd));
    cei_buffer buffer = {0};
    debug_node(&buffer, rdd, "", DEBUG_ROOT);
    ce_status status = CE_OK;
    if (cei_buffer_cstr(&buffer) == NULL) {
        status = cei_buffer_status(&buffer);
        cei_buffer_close(&buffer);
    } else {
        *text = buffer.bytes;
    }
    return status;
}
