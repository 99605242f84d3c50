/*
 * progress.c: a listener that keeps count of running stages, and a thread that draws them.
 *
 * The thread wakes up when a job is old enough to be shown, then ten times a second. Short jobs never wake it: it is
 * signalled only after it has seen nothing for a while, so a program of a million small jobs pays two counters each.
 * The line is erased on the thread that ends a job, before its action returns: what the program prints then finds a
 * clean terminal. So writing holds the lock, which listeners wait for; a terminal that is stopped stops the job.
 *
 * Interface: cei_progress_open, cei_progress_close, cei_progress_is_drawn, cei_progress_draw
 */
#include "report/progress.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/thread.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    JOBS_MAX = 64, /* what is beyond these two runs unseen: nobody reads that much on one line */
    STAGES_MAX = 64,
    SHOWN_MAX = 3, /* stages that share the line, the oldest first */
    BAR_COLUMNS_MIN = 8,
    BAR_COLUMNS_MAX = 40,
    COLUMNS_USUAL = 80,
    PART_BYTES = 160,
};

static const int64_t ms_ns = 1000000, second_ns = 1000000000, redraw_ns = 100000000;

typedef struct progress_job {
    int32_t id;
    int64_t started_ns;
} progress_job;

struct cei_progress {
    cei_bus *bus;
    int64_t after_ns;
    bool coloured;

    cei_lock lock; /* all below */
    cei_condition changed;
    cei_thread thread;
    enum { NOT_STARTED, STARTED, CLOSING } state;
    bool idle; /* the thread waits for a job, however long it takes */
    bool busy; /* a job has started since the thread looked */
    bool drawn;
    progress_job jobs[JOBS_MAX]; /* oldest first, as stages */
    uint32_t job_count;
    cei_progress_stage stages[STAGES_MAX];
    uint32_t stage_count;
};

/* Contexts that have a line on the terminal. */
static _Atomic(int) drawn_count;

bool cei_progress_is_drawn(void)
{
    return atomic_load_explicit(&drawn_count, memory_order_relaxed) > 0;
}

/* ---- text ---- */

/* Columns of UTF-8 text: the later bytes of a character take none. */
static uint32_t columns_of(const char *text)
{
    uint32_t columns = 0;
    for (; *text; text++) {
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return columns;
}

static void print_duration(char *text, size_t bytes, int64_t ns)
{
    const int64_t seconds = ns / second_ns;
    if (seconds < 60) { /* no %f: its point is another one in other languages */
        (void)snprintf(text, bytes, "%d.%d s", (int)seconds, (int)(ns / (second_ns / 10) % 10));
    } else {
        (void)snprintf(text, bytes, "%lld min %lld s", (long long)(seconds / 60), (long long)(seconds % 60));
    }
}

static void repeat(cei_buffer *text, char c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cei_buffer_char(text, c);
    }
}

/* "====>     ": as long as columns, with the head at the share of the tasks that have ended. */
static void draw_bar(cei_buffer *text, const cei_progress_stage *stage, uint32_t columns, bool coloured)
{
    uint64_t ended = stage->ended < stage->total ? stage->ended : stage->total;
    uint32_t full = stage->total ? (uint32_t)(ended * columns / stage->total) : columns;
    cei_buffer_text(text, coloured ? "\033[32m" : "");
    repeat(text, '=', full < columns ? full : columns);
    if (full < columns) {
        cei_buffer_char(text, '>');
    }
    cei_buffer_text(text, coloured ? "\033[0m" : "");
    repeat(text, ' ', full < columns ? columns - full - 1 : 0);
}

/* One stage in at most `columns`; with less room first the bar goes, then the name and the details, then the end. */
static void draw_stage(cei_buffer *text, const cei_progress_stage *stage, int64_t now_ns, uint32_t columns,
                       bool coloured)
{
    char label[PART_BYTES], details[PART_BYTES], duration[PART_BYTES / 2];
    print_duration(duration, sizeof duration, now_ns - stage->started_ns);
    (void)snprintf(label, sizeof label, "[stage %d: %s] ", (int)stage->stage, stage->name);
    (void)snprintf(details, sizeof details, "%u/%u tasks, %u running, %s", stage->ended, stage->total, stage->running,
                   duration);
    const uint32_t used = columns_of(label) + columns_of(details);
    if (used > columns) {
        (void)snprintf(label, sizeof label, "[stage %d] %u/%u", (int)stage->stage, stage->ended, stage->total);
        const size_t count = strlen(label);
        cei_buffer_append(text, label, count < columns ? count : columns);
        return;
    }
    cei_buffer_text(text, label);
    if (columns - used > BAR_COLUMNS_MIN) {
        const uint32_t room = columns - used - 1;
        draw_bar(text, stage, room < BAR_COLUMNS_MAX ? room : BAR_COLUMNS_MAX, coloured);
        cei_buffer_char(text, ' ');
    }
    cei_buffer_text(text, details);
}

void cei_progress_draw(cei_buffer *text, const cei_progress_stage *stages, size_t count, int64_t now_ns,
                       uint32_t columns, bool coloured)
{
    const uint32_t shown = count < SHOWN_MAX ? (uint32_t)count : SHOWN_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        const uint32_t between = i + 1 < shown;
        draw_stage(text, &stages[i], now_ns, columns / shown - (columns / shown ? between : 0), coloured);
        repeat(text, ' ', between);
    }
}

/* ---- the terminal ---- */

static uint32_t terminal_columns(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return (known ? size.ws_col : COLUMNS_USUAL) - 1u; /* a full last column would wrap */
}

/* A failure is nobody's business: the sentence of the job's own failure must stay. */
static void write_quietly(const char *text, size_t bytes)
{
    char kept[CEI_ERROR_BYTES_MAX];
    cei_file file = {.fd = STDERR_FILENO, .path = "standard error"};
    (void)snprintf(kept, sizeof kept, "%s", ce_last_error());
    if (cei_file_write(&file, text, bytes) != CE_OK) {
        cei_error_set(kept);
    }
}

static void set_drawn_locked(cei_progress *progress, bool drawn)
{
    if (progress->drawn != drawn) {
        progress->drawn = drawn;
        atomic_fetch_add_explicit(&drawn_count, drawn ? 1 : -1, memory_order_relaxed);
    }
}

static void erase_locked(cei_progress *progress)
{
    static const char erase[] = "\r\033[K";
    if (progress->drawn) {
        write_quietly(erase, sizeof erase - 1);
        set_drawn_locked(progress, false);
    }
}

/* The stages of jobs that are old enough, or nothing. */
static void draw_locked(cei_progress *progress, int64_t now_ns)
{
    cei_progress_stage shown[SHOWN_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < progress->stage_count && count < SHOWN_MAX; i++) {
        for (uint32_t j = 0; j < progress->job_count; j++) {
            const progress_job *job = &progress->jobs[j];
            if (job->id == progress->stages[i].job && now_ns - job->started_ns >= progress->after_ns) {
                shown[count++] = progress->stages[i];
            }
        }
    }
    if (count == 0) {
        erase_locked(progress);
        return;
    }
    cei_buffer text = {0};
    cei_buffer_text(&text, "\r");
    cei_progress_draw(&text, shown, count, now_ns, terminal_columns(), progress->coloured);
    cei_buffer_text(&text, "\033[K"); /* what is left of a longer line */
    if (cei_buffer_status(&text) == CE_OK) {
        write_quietly(text.bytes, text.count);
        set_drawn_locked(progress, true);
    }
    cei_buffer_close(&text);
}

/* ---- the thread ---- */

/* Draws when it is time to; returns how long to wait then, -1 = until a job starts. */
static int64_t look_locked(cei_progress *progress)
{
    const int64_t now_ns = cei_clock_ns();
    if (progress->job_count == 0) {
        const bool busy = progress->busy;
        progress->busy = false;
        return !busy ? -1 : progress->after_ns > redraw_ns ? progress->after_ns : redraw_ns;
    }
    const int64_t early_ns = progress->jobs[0].started_ns + progress->after_ns - now_ns;
    if (early_ns > 0) {
        return early_ns;
    }
    draw_locked(progress, now_ns);
    return redraw_ns;
}

static void *run(void *arg)
{
    cei_progress *progress = arg;
    cei_lock_take(&progress->lock);
    while (progress->state != CLOSING) {
        const int64_t wait_ns = look_locked(progress);
        if (wait_ns < 0) {
            progress->idle = true;
            cei_condition_wait(&progress->changed, &progress->lock);
            progress->idle = false;
        } else {
            (void)cei_condition_wait_for(&progress->changed, &progress->lock, wait_ns);
        }
    }
    cei_lock_give(&progress->lock);
    return NULL;
}

/* ---- the listener ---- */

static void start_job_locked(cei_progress *progress, const ce_event *event)
{
    if (progress->job_count < JOBS_MAX) {
        progress->jobs[progress->job_count++] = (progress_job){event->job, cei_clock_ns()};
    }
    progress->busy = true;
    if (progress->idle) {
        cei_condition_signal(&progress->changed);
    }
    /* Without a thread the jobs run as well, unseen; the next one tries again. */
    if (progress->state == NOT_STARTED && cei_thread_start(&progress->thread, "progress", run, progress) == CE_OK) {
        progress->state = STARTED;
    }
}

/* stage -1: all of the job. */
static void drop_stages_locked(cei_progress *progress, int32_t job, int32_t stage)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < progress->stage_count; i++) {
        const cei_progress_stage *at = &progress->stages[i];
        if (at->job != job || (stage >= 0 && at->stage != stage)) {
            progress->stages[kept++] = *at;
        }
    }
    progress->stage_count = kept;
}

static void end_job_locked(cei_progress *progress, const ce_event *event)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < progress->job_count; i++) {
        if (progress->jobs[i].id != event->job) {
            progress->jobs[kept++] = progress->jobs[i];
        }
    }
    progress->job_count = kept;
    drop_stages_locked(progress, event->job, -1);
    erase_locked(progress); /* what other jobs have to show comes with the next redraw */
}

static void start_stage_locked(cei_progress *progress, const ce_event *event)
{
    if (progress->stage_count == STAGES_MAX) {
        return;
    }
    cei_progress_stage *stage = &progress->stages[progress->stage_count++];
    *stage = (cei_progress_stage){
        .job = event->job, .stage = event->stage, .total = event->task_count, .started_ns = cei_clock_ns()};
    const char *name = event->name ? event->name : "";
    const char *slash = event->site.file ? strrchr(event->site.file, '/') : NULL;
    const char *file = slash ? slash + 1 : event->site.file;
    int bytes = file ? snprintf(stage->name, sizeof stage->name, "%s at %s:%d", name, file, event->site.line)
                     : snprintf(stage->name, sizeof stage->name, "%s", name);
    if (bytes >= (int)sizeof stage->name) { /* cut: not within a character */
        size_t end = sizeof stage->name - 1;
        while (end > 0 && ((unsigned char)stage->name[end - 1] & 0xC0) == 0x80) {
            end--;
        }
        end -= end > 0 && (unsigned char)stage->name[end - 1] >= 0xC0;
        stage->name[end] = '\0';
    }
}

static void count_task_locked(cei_progress *progress, const ce_event *event)
{
    for (uint32_t i = 0; i < progress->stage_count; i++) {
        cei_progress_stage *stage = &progress->stages[i];
        if (stage->stage != event->stage) {
            continue;
        }
        if (event->kind == CE_EVENT_TASK_START) {
            stage->running++;
        } else {
            stage->running -= stage->running > 0;
            stage->ended += event->status == CE_OK;
        }
        return;
    }
}

static void listen(const ce_event *event, void *arg)
{
    cei_progress *progress = arg;
    cei_lock_take(&progress->lock);
    switch (event->kind) {
    case CE_EVENT_JOB_START:
        start_job_locked(progress, event);
        break;
    case CE_EVENT_JOB_END:
        end_job_locked(progress, event);
        break;
    case CE_EVENT_STAGE_START:
        start_stage_locked(progress, event);
        break;
    case CE_EVENT_STAGE_END:
        drop_stages_locked(progress, event->job, event->stage);
        break;
    case CE_EVENT_TASK_START:
    case CE_EVENT_TASK_END:
        count_task_locked(progress, event);
        break;
    case CE_EVENT_STAGE_SKIPPED:
        break;
    }
    cei_lock_give(&progress->lock);
}

/* ---- opening ---- */

static bool is_wanted(const cei_settings *settings)
{
    const char *when = settings->texts[CEI_CONF_progress];
    const char *terminal = getenv("TERM");
    return strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && isatty(STDERR_FILENO) && terminal &&
                                           *terminal && strcmp(terminal, "dumb") != 0);
}

ce_status cei_progress_open(cei_progress **progress, cei_bus *bus, const cei_settings *settings)
{
    *progress = NULL;
    if (!is_wanted(settings)) {
        return CE_OK;
    }
    cei_progress *made = cei_alloc_zeroed(1, sizeof *made);
    if (!made) {
        return CE_MEMORY;
    }
    const char *no_colour = getenv("NO_COLOR");
    made->bus = bus;
    made->after_ns = cei_setting(settings, CEI_CONF_progress_after_ms) * ms_ns;
    made->coloured = isatty(STDERR_FILENO) && !(no_colour && *no_colour);
    cei_lock_open(&made->lock);
    cei_condition_open(&made->changed);
    ce_status status = cei_bus_add(bus, listen, made);
    if (status != CE_OK) {
        cei_condition_close(&made->changed);
        cei_lock_close(&made->lock);
        cei_free(made);
        return status;
    }
    *progress = made;
    return CE_OK;
}

void cei_progress_close(cei_progress *progress)
{
    if (!progress) {
        return;
    }
    cei_bus_remove(progress->bus, listen, progress);
    cei_lock_take(&progress->lock);
    const bool started = progress->state == STARTED;
    progress->state = CLOSING;
    erase_locked(progress);
    cei_condition_signal(&progress->changed);
    cei_lock_give(&progress->lock);
    if (started) {
        cei_thread_join(&progress->thread);
    }
    cei_condition_close(&progress->changed);
    cei_lock_close(&progress->lock);
    cei_free(progress);
}
