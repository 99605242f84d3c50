/* Cuts each user's events, lines "user,unix_ms", into visits: ce_group_by_key, ce_flat_map_values, batch memory. */
#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>

CE_PAIR(event, ce_str, int64_t);
CE_LIST(times, int64_t);
CE_RECORD(session, (int64_t, start_ms), (int64_t, end_ms), (int64_t, events));
CE_PAIR(user_session, ce_str, session);
CE_RECORD(session_line, (ce_str, user), (int64_t, start_ms), (int64_t, end_ms), (int64_t, events));

static inline event parse(ce_str line)
{
    ce_str rest = line, user = line;
    int64_t at_ms = 0;
    if (!ce_str_next_field(&rest, ',', &user) || !ce_str_to_int64(rest, &at_ms)) {
        ce_fail("not a line \"user,unix_ms\": \"%.*s\"", (int)line.bytes, line.at);
    }
    return (event){user, at_ms};
}
CE_MAP(parse, ce_str, event)

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* A user who does nothing for more than 30 minutes begins a new session. Events come in any order, and the list may not
 * be written to, so that a copy is sorted. */
static inline void cut(times in, ce_emit *out)
{
    enum { GAP_MS = 30 * 60 * 1000 };
    int64_t *at = ce_batch_alloc(in.count * sizeof *at);
    memcpy(at, in.at, in.count * sizeof *at);
    qsort(at, in.count, sizeof *at, compare_times);
    for (uint32_t first = 0, i = 1; i <= in.count; i++) {
        if (i == in.count || at[i] - at[i - 1] > GAP_MS) {
            ce_emit_value(out, session, {at[first], at[i - 1], i - first});
            first = i;
        }
    }
}
CE_FLAT_MAP(cut, times, session)

/* A record of its own for the output, so that each field is a column of the text. */
static inline session_line flatten(user_session in)
{
    return (session_line){in.key, in.value.start_ms, in.value.end_ms, in.value.events};
}
CE_MAP(flatten, user_session, session_line)

int ce_main(ce_context *sc, int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s IN OUT\n", argv[0]);
        return 2;
    }
    ce_rdd *events = ce_map(ce_text_file(sc, argv[1]), parse);
    ce_rdd *sessions = ce_flat_map_values(ce_group_by_key(events), cut);
    return (int)ce_save_as_text_file(ce_map(sessions, flatten), argv[2]);
}
