/* binary_file : path -> rdd(T), T without strings and lists
 *
 * The values of files that are nothing but values of T as memory holds them, handed out where they were read to. Any
 * bytes are a number, but only 0 and 1 are a bool, which C code may rely on, so those are looked at. */
#include "base/error.h"
#include "io/record_reader.h"
#include <inttypes.h>

/* A bool in a value, in order of offset. Where it says that an option is absent, the value behind it is not looked at:
 * the next bool then is number `absent`. */
typedef struct bool_place {
    uint32_t offset, absent;
} bool_place;

struct binary_file_state {
    cei_cursor cursor;
    cei_record_reader reader;
    bool_place *bools; /* in the run's memory */
    uint32_t bool_count;
};

/* Counts the bools of a type at offset, and writes them to places when there are any. */
static uint32_t find_bools(const ce_type *type, uint32_t offset, bool_place *places, uint32_t count)
{
    if (type->kind == CE_KIND_BOOL) {
        if (places) {
            places[count] = (bool_place){offset, count + 1};
        }
        return count + 1;
    }
    const uint32_t first = count;
    for (uint32_t i = 0; i < type->field_count; i++) {
        count = find_bools(type->fields[i].type, offset + type->fields[i].offset, places, count);
    }
    if (places && type->kind == CE_KIND_OPTION) {
        places[first].absent = count;
    }
    return count;
}

static ce_status check_bools(const struct binary_file_state *state, const cei_batch *batch)
{
    const uint32_t bytes = state->cursor.node->type->bytes;
    const char *row = batch->rows;
    for (uint32_t i = 0; i < batch->count; i++, row += bytes) {
        for (uint32_t j = 0; j < state->bool_count;) {
            const bool_place *place = &state->bools[j];
            const unsigned char value = (unsigned char)row[place->offset];
            if (value > 1) {
                const cei_record_reader *reader = &state->reader;
                return cei_fail(CE_CORRUPT, "%s: byte %" PRIu64 " is %u, where a bool is 0 or 1", reader->file.path,
                                cei_record_reader_offset(reader, row + place->offset), value);
            }
            j = value ? j + 1 : place->absent;
        }
    }
    return CE_OK;
}

static cei_pull binary_file_next(cei_cursor *cursor, cei_batch *batch)
{
    struct binary_file_state *state = (struct binary_file_state *)cursor;
    cei_pull pulled = cei_record_reader_next(&state->reader, batch);
    if (pulled == CEI_ROWS && state->bool_count) {
        ce_status status = check_bools(state, batch);
        return status == CE_OK ? CEI_ROWS : cei_run_fail(cursor->run, status);
    }
    return pulled;
}

static cei_pull binary_file_count(cei_cursor *cursor, uint64_t *rows)
{
    return cei_record_reader_count(&((struct binary_file_state *)cursor)->reader, rows);
}

static void binary_file_close(cei_cursor *cursor)
{
    cei_record_reader_close(&((struct binary_file_state *)cursor)->reader);
}

static ce_status binary_file_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct binary_file_state *state = cei_cursor_new(run, node, sizeof *state, binary_file_next);
    if (!state) {
        return CE_MEMORY;
    }
    const cei_files_args *args = node->args;
    cei_record_reader_open(&state->reader, run, &args->splits.at[partition], node->type->bytes);
    state->cursor.close = binary_file_close;
    state->cursor.count = binary_file_count;
    state->bool_count = find_bools(node->type, 0, NULL, 0);
    if (state->bool_count) {
        state->bools = cei_arena_alloc(&run->arena, state->bool_count * sizeof *state->bools);
        if (!state->bools) {
            return CE_MEMORY;
        }
        (void)find_bools(node->type, 0, state->bools, 0);
    }
    *cursor = &state->cursor;
    return CE_OK;
}

static ce_status binary_file_prepare(ce_rdd *node)
{
    return cei_records_prepare(node, node->type->bytes);
}

const cei_op cei_op_binary_file = {.name = "binary_file", .open = binary_file_open, .prepare = binary_file_prepare};

ce_rdd *ce_binary_file_at(ce_context *sc, const char *path, const ce_type *type, ce_site site)
{
    ce_rdd *node = cei_files_node(&cei_op_binary_file, sc, path, 1, site);
    const char *why = "it is NULL";
    if (!type || !cei_type_validate(type, &why)) {
        return cei_node_poison(node, CE_TYPE, "the element type cannot be used: %s", why);
    }
    if (!cei_type_is_flat(type)) {
        char text[256];
        return cei_node_poison(node, CE_TYPE, "needs a type without strings and lists, has %s",
                               ce_type_text(type, text, sizeof text));
    }
    if (cei_node_is_sound(node)) {
        node->type = type;
    }
    return node;
}
