/*
 * cursor.c: what every operator needs while it runs: states in the task's memory, failing, user memory, emitted rows,
 * and a partition as an iterator for user code.
 */
#include "rdd/cursor.h"
#include "base/error.h"
#include "base/memory.h"
#include "rdd/node.h"
#include <stdarg.h>
#include <stdio.h>

_Thread_local cei_run *cei_current_run;

/* Size of run->scratch, which str.h promises. */
enum { SCRATCH_BYTES = 1 << 20 };

void *cei_cursor_new(cei_run *run, const ce_rdd *node, size_t bytes, cei_pull (*next)(cei_cursor *, cei_batch *))
{
    cei_cursor *cursor = cei_arena_alloc_zeroed(&run->arena, bytes);
    if (!cursor) {
        return NULL;
    }
    cursor->next = next;
    cursor->run = run;
    cursor->node = node;
    cursor->opened_before = run->opened;
    run->opened = cursor;
    return cursor;
}

cei_pull cei_run_fail(cei_run *run, ce_status status)
{
    if (run->status == CE_OK && status != CE_OK) {
        run->status = status;
        char *copy = cei_arena_strdup(&run->arena, ce_last_error());
        run->error = copy ? copy : ce_status_text(status);
    }
    return CEI_FAILED;
}

bool cei_run_is_cancelled(cei_run *run)
{
    if (run->cancelled && atomic_load_explicit(run->cancelled, memory_order_relaxed)) {
        cei_run_fail(run, cei_fail(CE_CANCELLED, "cancelled"));
        return true;
    }
    return false;
}

int64_t cei_run_add_input(cei_run *run, int32_t shuffle, uint32_t partition, const ce_type *type)
{
    if (run->input_count == run->input_room) {
        uint32_t room = run->input_room ? 2 * run->input_room : 4;
        cei_input *inputs = cei_arena_alloc_zeroed(&run->arena, room * sizeof *inputs);
        if (!inputs) {
            return -1;
        }
        if (run->input_count) {
            memcpy(inputs, run->inputs, run->input_count * sizeof *inputs);
        }
        run->inputs = inputs;
        run->input_room = room;
    }
    run->inputs[run->input_count] = (cei_input){.shuffle = shuffle, .partition = partition, .type = type};
    return run->input_count++;
}

/* ---- user code ---- */

cei_pull cei_user_failed(cei_run *run)
{
    if (run->status == CE_OK) {
        cei_run_fail(run, cei_fail(CE_MEMORY, "out of memory in a user function"));
    }
    return CEI_FAILED;
}

static void *user_alloc(cei_run *run, cei_arena *arena, size_t bytes)
{
    void *memory = arena ? cei_arena_alloc(arena, bytes) : NULL;
    if (memory) {
        return memory;
    }
    run->user_failed = true;
    cei_run_fail(run, CE_MEMORY);
    if (bytes > SCRATCH_BYTES) {
        return NULL;
    }
    if (!run->scratch) {
        run->scratch = cei_alloc(SCRATCH_BYTES);
    }
    /* Shared by all threads that come so far: what they write there is not looked at. */
    static _Alignas(max_align_t) char last_resort[SCRATCH_BYTES];
    return run->scratch ? run->scratch : last_resort;
}

/* Outside of a task there is no batch whose end would free the memory: using it there is a mistake in the program. */
static cei_run *the_run(const char *call)
{
    if (!cei_current_run) {
        fprintf(stderr, "cerium: %s: called outside of a user function that runs in a task\n", call);
        __builtin_trap();
    }
    return cei_current_run;
}

void *ce_batch_alloc(size_t bytes)
{
    cei_run *run = the_run("ce_batch_alloc");
    return user_alloc(run, run->strings, bytes);
}

void *ce_task_alloc(size_t bytes)
{
    cei_run *run = the_run("ce_task_alloc");
    return user_alloc(run, &run->arena, bytes);
}

ce_str ce_str_keep(ce_str str)
{
    char *copy = ce_task_alloc(str.bytes);
    if (!copy) {
        return (ce_str){NULL, 0};
    }
    if (str.bytes) {
        memcpy(copy, str.at, str.bytes);
    }
    return (ce_str){copy, str.bytes};
}

ce_str ce_str_printf(const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int bytes = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    ce_str str = {NULL, 0};
    char *text = bytes < 0 ? NULL : ce_batch_alloc((size_t)bytes + 1);
    if (text && (size_t)bytes < sizeof small) {
        memcpy(text, small, (size_t)bytes + 1);
    } else if (text) {
        vsnprintf(text, (size_t)bytes + 1, format, again);
    }
    va_end(again);
    if (text) {
        str = (ce_str){text, (uint32_t)bytes};
    }
    return str;
}

void ce_fail(const char *format, ...)
{
    cei_run *run = the_run("ce_fail");
    if (run->status != CE_OK) {
        return;
    }
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    char place[256] = "";
    if (run->running) {
        cei_node_place(run->running, place, sizeof place);
    }
    run->user_failed = true;
    cei_run_fail(run, cei_fail(CE_USER, "%s%s%s", place, place[0] ? ": " : "", sentence));
}

/* ---- emitted rows ---- */

static size_t emit_bytes(const ce_emit *emit)
{
    return (size_t)(emit->end - emit->rows) + emit->row_bytes;
}

ce_status cei_emit_open(cei_run *run, ce_emit *emit, const ce_type *type)
{
    /* A quarter more than the aim, so that an input row that emits a few rows more does not make it grow. */
    size_t rows = (size_t)run->batch_rows + run->batch_rows / 4 + 1;
    size_t piece = cei_pool_piece_bytes((rows + 1) * type->bytes);
    char *memory = cei_pool_take(run->pool, piece);
    if (!memory) {
        return CE_MEMORY;
    }
    size_t room = piece / type->bytes - 1; /* one row stays free: emit_grow's row of last resort */
    *emit = (ce_emit){.rows = memory, .next = memory, .row_bytes = type->bytes};
    emit->full = memory + (size_t)run->batch_rows * type->bytes;
    emit->end = memory + room * type->bytes;
    return CE_OK;
}

void cei_emit_close(cei_run *run, ce_emit *emit)
{
    if (emit->rows) {
        cei_pool_give(run->pool, emit->rows, emit_bytes(emit));
    }
    *emit = (ce_emit){0};
}

ce_emit ce_emit_grow(ce_emit out)
{
    cei_run *run = the_run("ce_emit_grow");
    size_t used = (size_t)(out.next - out.rows), full = (size_t)(out.full - out.rows);
    size_t old = cei_pool_piece_bytes(emit_bytes(&out)), room = 2 * old;
    char *rows = out.failed ? NULL : cei_pool_take(run->pool, room);
    if (!rows) {
        /* The row goes over the first ones: the task fails as soon as the function returns. */
        if (!out.failed) {
            out.failed = run->user_failed = true;
            cei_run_fail(run, CE_MEMORY);
        }
        out.next = out.rows;
        return out;
    }
    memcpy(rows, out.rows, used);
    cei_pool_give(run->pool, out.rows, old);
    out.rows = rows;
    out.next = rows + used;
    out.full = rows + full;
    out.end = rows + (room / out.row_bytes - 1) * out.row_bytes;
    return out;
}

ce_status cei_emitted_open(cei_run *run, cei_emitted *emitted, const ce_type *type)
{
    *emitted = (cei_emitted){.type = type};
    cei_arena_open(&emitted->keep, run->pool, 0);
    return cei_emit_open(run, &emitted->emit, type);
}

void cei_emitted_close(cei_run *run, cei_emitted *emitted)
{
    cei_emit_close(run, &emitted->emit);
    cei_arena_close(&emitted->keep);
}

void cei_emitted_reset(cei_emitted *emitted)
{
    emitted->emit.next = emitted->emit.rows;
    emitted->owned_bytes = emitted->given_bytes = 0;
    cei_arena_reset(&emitted->keep);
}

ce_status cei_emitted_own(void *owner)
{
    cei_emitted *emitted = owner;
    const ce_emit *emit = &emitted->emit;
    if (emit->failed) {
        return CE_MEMORY;
    }
    const size_t bytes = (size_t)(emit->next - emit->rows);
    for (; emitted->owned_bytes < bytes; emitted->owned_bytes += emit->row_bytes) {
        CE_TRY(cei_value_own(emitted->type, emit->rows + emitted->owned_bytes, &emitted->keep));
    }
    return CE_OK;
}

cei_batch cei_emitted_give(cei_emitted *emitted, uint32_t count_max)
{
    const ce_emit *emit = &emitted->emit;
    const char *rows = emit->rows + emitted->given_bytes;
    const size_t left = (size_t)(emit->next - rows) / emit->row_bytes;
    const uint32_t count = left < count_max ? (uint32_t)left : count_max;
    emitted->given_bytes += (size_t)count * emit->row_bytes;
    return (cei_batch){rows, count};
}

/* ---- a partition as an iterator ---- */

void cei_rows_open(cei_rows *rows, cei_cursor *from, const ce_type *type)
{
    *rows = (cei_rows){.rows = {.row_bytes = type->bytes}, .from = from};
    from->run->whole_inputs = true;
}

bool ce_rows_refill(ce_rows *public_rows)
{
    cei_rows *rows = (cei_rows *)(void *)public_rows;
    cei_run *run = rows->from->run;
    if (rows->ended || rows->failed || run->user_failed) {
        return false;
    }
    ce_status status = rows->before_refill ? rows->before_refill(rows->owner) : CE_OK;
    if (status != CE_OK) {
        rows->failed = run->user_failed = true;
        cei_run_fail(run, status);
        return false;
    }
    const ce_rdd *running = run->running;
    cei_arena *strings = run->strings;
    cei_batch batch;
    cei_pull pulled = cei_run_is_cancelled(run) ? CEI_FAILED : rows->from->next(rows->from, &batch);
    run->running = running;
    run->strings = strings;
    if (pulled == CEI_ROWS) {
        rows->rows.next = batch.rows;
        rows->rows.end = batch.rows + (size_t)batch.count * rows->rows.row_bytes;
        return true;
    }
    rows->ended = pulled == CEI_END;
    rows->failed = pulled != CEI_END;
    if (rows->failed) {
        /* The user function sees the end of its input and returns; what it emits is dropped. */
        run->user_failed = true;
        cei_run_fail(run, cei_fail(CE_INTERNAL, "an input had no block ready inside a user function"));
    }
    return false;
}
