/* pipe : rdd(T), command -> rdd(str)
 *
 * One process per partition, started at the first pull. Rows go in as lines and lines come out as rows, on one thread:
 * whichever side is ready is served, so neither waits for the other. A program that stops reading is left alone: its
 * status decides. */
#include "base/error.h"
#include "base/process.h"
#include "io/line_printer.h"
#include "io/line_reader.h"
#include "rdd/node.h"
#include <errno.h>

CE_LIST(pipe_words, ce_str);
CE_RECORD(pipe_args, (pipe_words, command), (pipe_words, environment));

enum {
    WRITE_BYTES = 4096,       /* what a writable pipe is sure to take */
    PENDING_BYTES = 64 << 10, /* rows that are printed at once */
    POLL_MS = 50,             /* a cancelled task is noticed after that */
};

/* The program's output; its read function is where the work is done. */
struct pipe_output {
    cei_byte_source source;
    struct pipe_state *state;
};

struct pipe_state {
    cei_cursor cursor;
    cei_cursor *input;
    const char *command; /* for sentences, in the run's memory */
    bool started, done;
    cei_process process;

    cei_line_printer printer;
    cei_batch in;     /* rows of the input, */
    uint32_t printed; /* of which so many are in text */
    cei_buffer text;  /* on its way to the program, */
    size_t written;   /* which has so much of it */
    bool input_ended, output_ended;

    struct pipe_output output;
    cei_line_reader reader;
    ce_str *lines; /* batch_rows, from the pool */
};

static size_t lines_bytes(const cei_run *run)
{
    return run->batch_rows * sizeof(ce_str);
}

/* ---- into the program ---- */

static bool has_pending(const struct pipe_state *state)
{
    return state->written < state->text.count;
}

/* Prints the next rows of the input when nothing is pending. CEI_WANT: there are none now. */
static cei_pull print_more(struct pipe_state *state)
{
    if (has_pending(state) || state->input_ended) {
        return CEI_ROWS;
    }
    if (state->printed == state->in.count) {
        state->printed = state->in.count = 0;
        cei_pull pulled = state->input->next(state->input, &state->in);
        if (pulled == CEI_END) {
            state->input_ended = true;
            cei_file_discard(&state->process.input);
            return CEI_ROWS;
        }
        if (pulled != CEI_ROWS) {
            return pulled;
        }
    }
    const char *rows = state->in.rows + (size_t)state->printed * state->printer.type->bytes;
    state->text.count = state->written = 0;
    state->printed +=
        cei_line_printer_print(&state->printer, rows, state->in.count - state->printed, &state->text, PENDING_BYTES);
    return state->text.failed ? cei_run_fail(state->cursor.run, cei_buffer_status(&state->text)) : CEI_ROWS;
}

static ce_status write_some(struct pipe_state *state)
{
    size_t left = state->text.count - state->written, bytes = left < WRITE_BYTES ? left : WRITE_BYTES;
    errno = 0;
    ce_status status = cei_file_write(&state->process.input, state->text.bytes + state->written, bytes);
    state->written += bytes;
    if (status != CE_OK && errno == EPIPE) { /* it wants no more */
        state->written = state->text.count;
        state->input_ended = true;
        cei_file_discard(&state->process.input);
        return CE_OK;
    }
    return status;
}

/* ---- out of the program ---- */

static ce_status read_some(struct pipe_state *state, void *to, size_t room, size_t *got)
{
    CE_TRY(cei_file_read(&state->process.output, to, room, got));
    if (*got == 0) {
        state->output_ended = true;
        cei_file_discard(&state->process.output);
    }
    return CE_OK;
}

/* Writes until there is something to read. */
static ce_status pipe_read(cei_byte_source *source, void *to, size_t room, size_t *got)
{
    struct pipe_state *state = ((struct pipe_output *)(void *)source)->state;
    *got = 0;
    source->waiting = false;
    for (;;) {
        if (cei_run_is_cancelled(state->cursor.run)) {
            return state->cursor.run->status;
        }
        cei_pull pulled = print_more(state);
        if (pulled == CEI_FAILED) {
            return state->cursor.run->status;
        }
        if (state->output_ended && state->input_ended) {
            return CE_OK;
        }
        bool can_write, can_read, starved = pulled == CEI_WANT;
        CE_TRY(cei_process_poll(&state->process, has_pending(state), &can_write, &can_read, starved ? 0 : POLL_MS));
        if (can_write) {
            CE_TRY(write_some(state));
        }
        if (can_read) {
            CE_TRY(read_some(state, to, room, got));
        }
        source->waiting = starved && !can_read;
        if (*got || source->waiting) {
            return CE_OK;
        }
    }
}

/* ---- the cursor ---- */

/* The words as the system wants them: a list of texts with a NUL behind each, and NULL behind the last. NULL without
 * memory. */
static const char **texts_of(cei_run *run, const pipe_words *words)
{
    const char **texts = cei_arena_alloc_zeroed(&run->arena, (words->count + (size_t)1) * sizeof *texts);
    for (uint32_t i = 0; texts && i < words->count; i++) {
        texts[i] = cei_arena_printf(&run->arena, "%.*s", (int)words->at[i].bytes, words->at[i].at);
        texts = texts[i] ? texts : NULL;
    }
    return texts;
}

static const char *joined(cei_run *run, const pipe_words *words)
{
    const char *text = "";
    for (uint32_t i = 0; text && i < words->count; i++) {
        text = cei_arena_printf(&run->arena, "%s%s%.*s", text, i ? " " : "", (int)words->at[i].bytes, words->at[i].at);
    }
    return text;
}

static ce_status pipe_start(struct pipe_state *state)
{
    cei_run *run = state->cursor.run;
    const pipe_args *args = state->cursor.node->args;
    const char **command = texts_of(run, &args->command);
    const char **environment = args->environment.count ? texts_of(run, &args->environment) : NULL;
    state->command = joined(run, &args->command);
    state->lines = cei_pool_take(run->pool, lines_bytes(run));
    if (!command || !state->command || !state->lines || (args->environment.count && !environment)) {
        return CE_MEMORY;
    }
    memset(state->lines, 0, lines_bytes(run));
    state->started = true;
    ce_status status = cei_process_start(&state->process, command, environment, NULL, true, true);
    if (status != CE_OK) {
        return cei_error_prefix(status, "Cannot run \"%s\": ", state->command);
    }
    state->output = (struct pipe_output){.source.read = pipe_read, .state = state};
    cei_line_reader_open(&state->reader, run, &state->output.source, state->command, 0, CEI_LINE_END_OPEN);
    return CE_OK;
}

static ce_status pipe_finish(struct pipe_state *state)
{
    int code;
    state->done = true;
    CE_TRY(cei_process_wait(&state->process, &code));
    if (code != 0) {
        return cei_fail(CE_USER, "Subprocess exited with status %d. Command ran: %s", code, state->command);
    }
    return CE_OK;
}

static cei_pull pipe_next(cei_cursor *cursor, cei_batch *batch)
{
    struct pipe_state *state = (struct pipe_state *)cursor;
    cei_run *run = cursor->run;
    if (!state->started) {
        ce_status status = pipe_start(state);
        if (status != CE_OK) {
            return cei_run_fail(run, status);
        }
    }
    if (state->done) {
        return CEI_END;
    }
    uint32_t count = 0;
    cei_pull pulled = cei_line_reader_next(&state->reader, state->lines, run->batch_rows, &count);
    *batch = (cei_batch){(const char *)state->lines, count};
    if (pulled == CEI_END) {
        ce_status status = pipe_finish(state);
        return status == CE_OK ? CEI_END : cei_run_fail(run, status);
    }
    return pulled;
}

static void pipe_close(cei_cursor *cursor)
{
    struct pipe_state *state = (struct pipe_state *)cursor;
    if (state->started) {
        cei_process_kill(&state->process);
    }
    cei_line_reader_close(&state->reader);
    cei_pool_give(cursor->run->pool, state->lines, lines_bytes(cursor->run));
    cei_buffer_close(&state->text);
}

static ce_status pipe_open(cei_run *run, const ce_rdd *node, uint32_t partition, cei_cursor **cursor)
{
    struct pipe_state *state = cei_cursor_new(run, node, sizeof *state, pipe_next);
    if (!state) {
        return CE_MEMORY;
    }
    state->cursor.close = pipe_close;
    cei_line_printer_open(&state->printer, node->parents[0]->type);
    *cursor = &state->cursor;
    return cei_open_parent(run, node, 0, partition, &state->input);
}

const cei_op cei_op_pipe = {.name = "pipe", .open = pipe_open};

/* ---- building ---- */

static const char blanks[] = " \t\n\r\f";

/* Cuts the command at blanks; returns how many words there are, and fills words when it is not NULL. */
static uint32_t cut_command(const char *command, ce_str *words)
{
    uint32_t count = 0;
    for (command += strspn(command, blanks); *command; command += strspn(command, blanks)) {
        size_t bytes = strcspn(command, blanks);
        if (words) {
            words[count] = (ce_str){command, (uint32_t)bytes};
        }
        count++;
        command += bytes;
    }
    return count;
}

ce_rdd *ce_pipe_at(ce_rdd *rdd, const char *command, const char *const *environment, ce_site site)
{
    ce_rdd *node = cei_node_new(&cei_op_pipe, NULL, site, &rdd, 1);
    if (!cei_node_is_sound(node)) {
        return node;
    }
    uint32_t words = command ? cut_command(command, NULL) : 0, additions = 0;
    if (words == 0) {
        return cei_node_poison(node, CE_INVALID, "the command is %s", command ? "empty" : "NULL");
    }
    for (; environment && environment[additions]; additions++) {
        if (!strchr(environment[additions], '=')) {
            return cei_node_poison(node, CE_INVALID, "\"%s\" is not of the form NAME=VALUE", environment[additions]);
        }
    }
    ce_str *texts = cei_scope_alloc(node->scope, ((size_t)words + additions) * sizeof *texts);
    if (texts) {
        cut_command(command, texts);
        for (uint32_t i = 0; i < additions; i++) {
            texts[words + i] = ce_str_of(environment[i]);
        }
        texts = cei_scope_copy_values(node->scope, &ce_type_ce_str, texts, (uint64_t)words + additions);
    }
    if (!texts) {
        return cei_node_poison(node, CE_MEMORY, "out of memory");
    }
    pipe_args *args = cei_node_args(node, &ce_type_pipe_args);
    if (args) {
        *args = (pipe_args){{texts, words}, {texts + words, additions}};
        node->type = &ce_type_ce_str;
    }
    return node;
}
