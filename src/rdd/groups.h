/*
 * groups.h: the values of equal keys together: what group_by_key, cogroup and the joins are made of.
 *
 *     1 to 4 inputs of pair(K, V) --> sections (shuffle/sections.h) --> for each: table key -> group number,
 *                                                                        values in the order of their groups --> groups
 *                                        | a section does not fit
 *                                        v
 *                                     a sorter per input, in the order of the keys' hashes, walked in step --> groups
 *
 * In the second way a group may be larger than memory: its values come in pieces.
 */
#ifndef CERIUM_RDD_GROUPS_H
#define CERIUM_RDD_GROUPS_H

#include "rdd/node.h"
#include "shuffle/sections.h"
#include "shuffle/sorter.h"
#include "shuffle/table.h"

enum { CEI_GROUPS_INPUTS_MAX = 4 };

/* The values of the group in hand, as a cursor for cei_rows: in pieces. */
typedef struct cei_group_values {
    cei_cursor cursor;
    struct cei_groups *groups;
    uint32_t input;
} cei_group_values;

typedef struct cei_group_input {
    cei_cursor *from;
    bool by_block, ended;
    const ce_type *row, *value;
    uint32_t value_offset;
    cei_sections sections;

    /* In memory; values may point into the blocks of the section: */
    char *values, *sorted;      /* as they came; by group. From the pool, with numbers and starts */
    uint32_t *numbers, *starts; /* the group of each value; where each group's values begin */
    uint64_t count, room, starts_room;

    /* By sorters: */
    cei_order order;
    cei_sorter *sorter;
    const char *rows; /* of the newest batch */
    uint32_t left;
    char *piece; /* CEI_GROUP_PIECE values */

    /* The group in hand: */
    uint64_t given; /* values handed out, in memory */
    cei_group_values cursor;
    cei_rows iterator;
} cei_group_input;

enum { CEI_GROUP_PIECE = 128 };

typedef struct cei_groups {
    cei_run *run;
    const ce_rdd *node;
    const ce_type *key;
    uint32_t input_count;
    cei_group_input inputs[CEI_GROUPS_INPUTS_MAX];
    enum { CEI_GROUPS_COLLECT, CEI_GROUPS_LOAD, CEI_GROUPS_GIVE } phase;
    uint32_t section;
    bool sorts;      /* this section goes through sorters */
    cei_table table; /* key -> group number */
    cei_arena parts; /* what was unpacked, and keys */
    char *keys;      /* by group; from the pool */
    uint64_t keys_room;
    uint32_t group_count, group; /* group: the next one */
    cei_order key_order;
    cei_arena kept_key;
    const char *at;           /* the key in hand */
    char *key_copy, *scratch; /* one key; CEI_GROUPS_ROWS rows of any input */
} cei_groups;

/* Opens the inputs: of a node with a shuffle that; else the same partition of each parent, which are partitioned alike.
 * The groups (zeroed before) live as long as the run's arena; cei_groups_close gives back the rest. */
ce_status cei_groups_open(cei_groups *groups, cei_run *run, const ce_rdd *node, uint32_t partition);
void cei_groups_close(cei_groups *groups);

/* A node over 1 to 4 RDDs of pairs with one type of key, partitioned alike: those that are not partitioned as wanted
 * are given a shuffle. Its type is left to the caller. Never NULL. */
ce_rdd *cei_cogroup_node(const cei_op *op, ce_rdd *const *rdds, uint32_t count, uint32_t partitions, ce_site site);

/* The same, partitioned as the first `leading` RDDs alone would be. */
ce_rdd *cei_cogroup_node_led(const cei_op *op, ce_rdd *const *rdds, uint32_t count, uint32_t leading,
                             uint32_t partitions, ce_site site);

/* Goes to the next group: CEI_ROWS, and its key is at groups->at. What was given of the group before stays valid as
 * long as cei_groups_stays says. */
cei_pull cei_groups_next(cei_groups *groups);

/* Whether keys and values of the group in hand stay where they are when the next one is asked for. */
static inline bool cei_groups_stays(const cei_groups *groups)
{
    return !groups->sorts && groups->group < groups->group_count;
}

/* All values of an input in the group in hand: in memory. false: they must be taken in pieces. */
static inline bool cei_groups_list(const cei_groups *groups, uint32_t input, ce_list *list)
{
    const cei_group_input *in = &groups->inputs[input];
    if (groups->sorts) {
        return false;
    }
    const uint32_t first = in->starts[groups->group - 1], end = in->starts[groups->group];
    *list = (ce_list){end > first ? in->sorted + (size_t)first * in->value->bytes : NULL, end - first};
    return true;
}

/* The next values of an input in the group in hand, one behind the other: CEI_ROWS, CEI_END or CEI_FAILED. Valid until
 * the next piece of this input or the next group. */
cei_pull cei_groups_piece(cei_groups *groups, uint32_t input, cei_batch *values);

/* All values as a list whatever the way: those in pieces are copied deep to the arena. CE_MEMORY. */
ce_status cei_groups_collect(cei_groups *groups, uint32_t input, ce_list *list, cei_arena *arena);

/* The values as an iterator for user code. */
ce_rows *cei_groups_rows(cei_groups *groups, uint32_t input, ce_status (*before_refill)(void *owner), void *owner);

#endif
