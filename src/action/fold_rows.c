/* fold_rows : rdd(T), U, (U, T -> U) -> rdd(U)
 *
 * One row per partition. What a user's function returns may point into the row, the value before, or memory that it
 * has just asked for, so a value with strings or lists is made the fold's own after each call: into the arena that
 * holds nothing else. */
#include "action/fold_rows.h"
#include "base/error.h"
#include "rdd/shuffle_read.h"

enum { ROWS_AT_ONCE_FIRST = 64, ROWS_AT_ONCE_LAST = 4096, STRINGS_BYTES_AIM = 256 << 10 };

static ce_status fold_own(cei_fold *fold)
{
    if (fold->flat || memcmp(fold->before, fold->value, fold->f->out->bytes) == 0) {
        return CE_OK;
    }
    CE_TRY(cei_value_own(fold->f->out, fold->value, &fold->other));
    cei_arena left = fold->keep;
    fold->keep = fold->other;
    fold->other = left;
    cei_arena_reset(&fold->other);
    memcpy(fold->before, fold->value, fold->f->out->bytes);
    return CE_OK;
}

ce_status cei_fold_open(cei_fold *fold, cei_run *run, const ce_rdd *node, const ce_function *f, const void *zero)
{
    *fold = (cei_fold){.run = run, .node = node, .f = f, .flat = cei_type_is_flat(f->out)};
    fold->rows_at_once = ROWS_AT_ONCE_FIRST;
    cei_arena_open(&fold->keep, run->pool, 0);
    cei_arena_open(&fold->other, run->pool, 0);
    cei_arena_open(&fold->strings, run->pool, 0);
    fold->value = cei_arena_alloc_zeroed(&run->arena, f->out->bytes);
    fold->before = cei_arena_alloc_zeroed(&run->arena, f->out->bytes);
    if (!fold->value || !fold->before) {
        return CE_MEMORY;
    }
    fold->has_value = zero != NULL;
    if (zero) {
        memcpy(fold->value, zero, f->out->bytes);
        memcpy(fold->before, zero, f->out->bytes);
    }
    return CE_OK;
}

void cei_fold_close(cei_fold *fold)
{
    if (fold->run) {
        cei_arena_close(&fold->keep);
        cei_arena_close(&fold->other);
        cei_arena_close(&fold->strings);
    }
}

/* Fewer rows at a time when the function makes much memory, which is cleared away in between only. */
static void fold_adapt(cei_fold *fold)
{
    if (fold->strings.used_bytes > STRINGS_BYTES_AIM) {
        fold->rows_at_once = fold->rows_at_once > 1 ? fold->rows_at_once / 2 : 1;
    } else if (fold->rows_at_once < ROWS_AT_ONCE_LAST) {
        fold->rows_at_once *= 2;
    }
    cei_arena_reset(&fold->strings);
}

cei_pull cei_fold_push(cei_fold *fold, const char *rows, uint64_t count)
{
    cei_run *run = fold->run;
    size_t row_bytes = fold->f->in->bytes;
    if (!fold->has_value && count > 0) {
        memcpy(fold->value, rows, row_bytes);
        fold->has_value = true;
        rows += row_bytes;
        count--;
        if (fold_own(fold) != CE_OK) {
            return cei_run_fail(run, CE_MEMORY);
        }
    }
    while (count > 0) {
        uint32_t most = fold->flat ? UINT32_MAX : fold->rows_at_once;
        uint32_t n = count < most ? (uint32_t)count : most;
        cei_user_begin(run, fold->node, &fold->strings);
        fold->f->fold(fold->value, rows, (uint32_t)row_bytes, n);
        if (cei_user_end(run) == CEI_FAILED) {
            return CEI_FAILED;
        }
        if (fold_own(fold) != CE_OK) {
            return cei_run_fail(run, CE_MEMORY);
        }
        fold_adapt(fold);
        rows += n * row_bytes;
        count -= n;
    }
    return CEI_ROWS;
}

/* ---- in tasks ---- */

struct fold_state {
    cei_cursor cursor;
    cei_cursor *input;
    cei_fold fold;
    bool ended;
};

static cei_pull fold_next(cei_cursor *cursor, cei_batch *batch)
{
    struct fold_state *state = (struct fold_state *)cursor;
    cei_batch in;
    cei_pull pulled = CEI_END;
    while (!state->ended && (pulled = state->input->next(state->input, &in)) == CEI_ROWS) {
        if (cei_run_is_cancelled(cursor->run) || cei_fold_push(&state->fold, in.rows, in.count) == CEI_FAILED) {
            return CEI_FAILED;
        }
    }
    if (state->ended || pulled != CEI_END) {
        return pulled;
    }
    state->ended = true;
    *batch = (cei_batch){state->fold.value, 1};
    return state->fold.has_value ? CEI_ROWS : CEI_END;
}

static void fold_close(cei_cursor *cursor)
{
    struct fold_state *state = (struct fold_state *)cursor;
    cei_fold_close(&state->fold);
}

static ce_status fold_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct fold_state *state = cei_cursor_new(run, node, sizeof *state, fold_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = fold_close;
    *cursor = &state->cursor;
    CE_TRY(cei_fold_open(&state->fold, run, node, node->function, node->args));
    return cei_wide_input_open(run, node, partition, &state->input);
}

const cei_op cei_op_fold_rows = {.name = "fold_rows", .open = fold_open, .prepare = cei_wide_prepare};

/* ---- on the calling thread ---- */

ce_status cei_fold_check(const ce_rdd *rdd, const char *action, const ce_function *seq, const ce_function *comb)
{
    char text[256];
    CE_TRY(cei_action_takes(rdd, action, seq, CE_FUNCTION_FOLD, rdd->type, NULL));
    CE_TRY(cei_action_takes(rdd, action, comb, CE_FUNCTION_FOLD, seq->out, NULL));
    if (ce_type_equal(comb->in, comb->out)) {
        return CE_OK;
    }
    return cei_fail(CE_TYPE, "%s:%d: %s: %s must give what it takes, gives %s", rdd->site.file, rdd->site.line, action,
                    comb->name, ce_type_text(comb->out, text, sizeof text));
}

ce_status cei_fold_node(ce_rdd *node, const ce_function *f, const void *zero, ce_rdd **parent_slot)
{
    CE_TRY(cei_action_node(node, &cei_op_fold_rows, parent_slot));
    node->type = f->out;
    node->function = f;
    node->args = (void *)zero; /* only read */
    node->args_type = zero ? f->out : NULL;
    return CE_OK;
}

ce_status cei_fold_job(ce_rdd *node, const char *action, const ce_function *comb, const void *zero, ce_result *value)
{
    ce_result parts;
    cei_driver driver;
    cei_fold fold;
    CE_TRY(cei_action_rows(node, action, &parts));
    cei_driver_open(&driver, node);
    ce_status status = cei_fold_open(&fold, &driver.run, node, comb, zero);
    if (status == CE_OK && cei_fold_push(&fold, parts.rows, parts.count) == CEI_ROWS) {
        status =
            fold.has_value ? cei_result_from_values(value, node->type, fold.value, 1) : cei_action_empty(node, action);
    }
    cei_fold_close(&fold);
    status = cei_driver_close(&driver, status);
    ce_result_free(&parts);
    return status;
}
