/*
 * conf.c: one table of settings, the texts that a program sets, and their checked values.
 *
 * A value is checked where it comes in: ce_conf_set refuses a bad one at the call, cei_settings_open one of the
 * environment. So a setting that is out of its bounds never waits for a job to show.
 *
 * Interface: ce_conf_new, ce_conf_free, ce_conf_set, ce_conf_describe, cei_settings_open, cei_settings_close
 */
#include "conf/conf.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 64, VARIABLE_BYTES = NAME_BYTES_MAX + 8, BOUND_BYTES = 24, KIBI = 1024 };

typedef enum conf_kind { KIND_INT, KIND_BYTES, KIND_MS, KIND_BOOL, KIND_TEXT, KIND_CHOICE } conf_kind;

typedef struct conf_entry {
    const char *name;
    conf_kind kind;
    const char *default_text;
    int64_t least, most;
    const char *unit, *text;
} conf_entry;

static const conf_entry entries[CEI_CONF_COUNT] = {
#define CEI_CONF(name, kind, default_text, least, most, unit, text)                                                    \
    [CEI_CONF_##name] = {#name, KIND_##kind, default_text, least, most, unit, text},
#include "conf/conf.def"
#undef CEI_CONF
};

struct ce_conf {
    char *texts[CEI_CONF_COUNT]; /* NULL: not set */
};

/* ---- names ---- */

/* Spark spells its settings with dots, and people write dashes and capitals: none of these makes a name less near. */
static char plain(char c)
{
    return c == '.' || c == '-' ? '_' : (char)tolower((unsigned char)c);
}

/* Letters to insert, drop or replace to come from one name to the other; of long names the start counts. */
static uint32_t distance(const char *from, const char *to)
{
    uint32_t row[NAME_BYTES_MAX + 1];
    const size_t columns = strnlen(to, NAME_BYTES_MAX);
    for (uint32_t column = 0; column <= columns; column++) {
        row[column] = column;
    }
    for (size_t line = 0; line < NAME_BYTES_MAX && from[line]; line++) {
        uint32_t diagonal = row[0];
        row[0]++;
        for (size_t column = 0; column < columns; column++) {
            uint32_t best = diagonal + (plain(from[line]) != plain(to[column]));
            diagonal = row[column + 1];
            best = best < diagonal + 1 ? best : diagonal + 1;
            row[column + 1] = best < row[column] + 1 ? best : row[column] + 1;
        }
    }
    return row[columns];
}

static const char *nearest_name(const char *name)
{
    const char *nearest = entries[0].name;
    uint32_t least = UINT32_MAX;
    for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
        uint32_t apart = distance(name, entries[key].name);
        if (apart < least) {
            least = apart;
            nearest = entries[key].name;
        }
    }
    return nearest;
}

/* CEI_CONF_COUNT when there is none. */
static size_t find(const char *name)
{
    size_t key = 0;
    while (key < CEI_CONF_COUNT && strcmp(entries[key].name, name) != 0) {
        key++;
    }
    return key;
}

static bool is_text(const conf_entry *entry)
{
    return entry->kind == KIND_TEXT || entry->kind == KIND_CHOICE;
}

/* ---- values ---- */

/* Bounds are shown as people write them: 1024g rather than 1099511627776. */
static const char *bound_text(int64_t bound, char text[BOUND_BYTES])
{
    static const char suffixes[] = "kmg";
    size_t times = 0;
    while (times < 3 && bound >= KIBI && bound % KIBI == 0) {
        bound /= KIBI;
        times++;
    }
    (void)snprintf(text, BOUND_BYTES, "%lld%.1s", (long long)bound, times ? suffixes + times - 1 : "");
    return text;
}

/* false when text is not a number with an optional suffix. A number beyond 63 bits becomes the nearest that is not,
 * which is out of any bounds. */
static bool parse_number(const char *text, int64_t *number)
{
    const char *at = text + (text[0] == '-' || text[0] == '+');
    bool over = false;
    int64_t value = 0;
    if (!isdigit((unsigned char)*at)) {
        return false;
    }
    for (; isdigit((unsigned char)*at); at++) {
        over |= __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *at - '0', &value);
    }
    const char suffix = (char)tolower((unsigned char)*at);
    const int64_t unit = suffix == 'k'   ? KIBI
                         : suffix == 'm' ? (int64_t)KIBI * KIBI
                         : suffix == 'g' ? (int64_t)KIBI * KIBI * KIBI
                                         : 1;
    at += unit > 1;
    over |= __builtin_mul_overflow(value, unit, &value);
    value = over ? INT64_MAX : value;
    *number = text[0] == '-' ? -value : value;
    return *at == '\0';
}

static ce_status check_number(const conf_entry *entry, const char *text, int64_t *number)
{
    char least[BOUND_BYTES], most[BOUND_BYTES];
    if (!parse_number(text, number)) {
        return cei_fail(CE_INVALID, "%s: needs a whole number, with k, m or g behind it if you like, not \"%s\"",
                        entry->name, text);
    }
    if (*number < entry->least || *number > entry->most) {
        return cei_fail(CE_INVALID, "%s: must be %s to %s%s%s, not %s", entry->name, bound_text(entry->least, least),
                        bound_text(entry->most, most), *entry->unit ? " " : "", entry->unit, text);
    }
    return CE_OK;
}

/* The unit of a choice is its values with ", " between. */
static bool is_choice(const char *choices, const char *text)
{
    const size_t bytes = strlen(text);
    for (const char *at = choices; *at; at += strspn(at, ", ")) {
        const size_t word = strcspn(at, ",");
        if (word == bytes && memcmp(at, text, bytes) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

/* *number is set for kinds with a number. */
static ce_status check(const conf_entry *entry, const char *text, int64_t *number)
{
    switch (entry->kind) {
    case KIND_INT:
    case KIND_BYTES:
    case KIND_MS:
        return check_number(entry, text, number);
    case KIND_BOOL:
        *number = strcmp(text, "true") == 0;
        if (*number == 0 && strcmp(text, "false") != 0) {
            return cei_fail(CE_INVALID, "%s: must be true or false, not \"%s\"", entry->name, text);
        }
        return CE_OK;
    case KIND_CHOICE:
        if (!is_choice(entry->unit, text)) {
            return cei_fail(CE_INVALID, "%s: must be one of %s, not \"%s\"", entry->name, entry->unit, text);
        }
        return CE_OK;
    case KIND_TEXT:
        return CE_OK;
    }
    return CE_OK;
}

/* ---- ce_conf ---- */

ce_conf *ce_conf_new(void)
{
    return cei_alloc_zeroed(1, sizeof(ce_conf));
}

void ce_conf_free(ce_conf *conf)
{
    if (conf) {
        for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
            cei_free(conf->texts[key]);
        }
        cei_free(conf);
    }
}

ce_status ce_conf_set(ce_conf *conf, const char *name, const char *value)
{
    if (!conf || !name || !value) {
        return cei_fail(CE_INVALID, "ce_conf_set: needs a %s, has NULL", !conf ? "ce_conf" : !name ? "name" : "value");
    }
    const size_t key = find(name);
    if (key == CEI_CONF_COUNT) {
        return cei_fail(CE_NOT_FOUND, "there is no setting %s; the nearest name is %s", name, nearest_name(name));
    }
    int64_t number = 0;
    CE_TRY(check(&entries[key], value, &number));
    char *text = cei_strdup(value);
    if (!text) {
        return CE_MEMORY;
    }
    cei_free(conf->texts[key]);
    conf->texts[key] = text;
    return CE_OK;
}

/* ---- the table for a person ---- */

static int longest_name(void)
{
    size_t longest = 0;
    for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
        const size_t bytes = strlen(entries[key].name);
        longest = bytes > longest ? bytes : longest;
    }
    return (int)longest;
}

/* "1 to 65536 rows", the values of a choice, or "text". */
static void describe_values(cei_buffer *buffer, const conf_entry *entry)
{
    char least[BOUND_BYTES], most[BOUND_BYTES];
    if (entry->kind == KIND_BOOL) {
        cei_buffer_text(buffer, "true, false");
    } else if (is_text(entry)) {
        cei_buffer_text(buffer, entry->kind == KIND_CHOICE ? entry->unit : "text");
    } else {
        cei_buffer_printf(buffer, "%s to %s%s%s", bound_text(entry->least, least), bound_text(entry->most, most),
                          *entry->unit ? " " : "", entry->unit);
    }
}

char *ce_conf_describe(void)
{
    const int width = longest_name();
    cei_buffer buffer = {0};
    for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
        const conf_entry *entry = &entries[key];
        cei_buffer_printf(&buffer, "%-*s  %-8s  %s (", width, entry->name, entry->default_text, entry->text);
        describe_values(&buffer, entry);
        cei_buffer_text(&buffer, ")\n");
    }
    cei_buffer_append(&buffer, "", 1);
    if (cei_buffer_status(&buffer) != CE_OK) {
        cei_buffer_close(&buffer);
        return NULL;
    }
    return buffer.bytes;
}

/* ---- resolving ---- */

/* The value of CERIUM_<NAME IN CAPITALS>; NULL when there is none or it is empty. The variable's name goes to text. */
static const char *environment_value(const conf_entry *entry, char text[VARIABLE_BYTES])
{
    (void)snprintf(text, VARIABLE_BYTES, "CERIUM_%s", entry->name);
    for (char *at = text; *at; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    const char *value = getenv(text);
    return value && *value ? value : NULL;
}

static ce_status resolve(cei_settings *settings, size_t key, const ce_conf *conf)
{
    const conf_entry *entry = &entries[key];
    char variable[VARIABLE_BYTES];
    const char *text = conf ? conf->texts[key] : NULL;
    const char *found = text ? NULL : environment_value(entry, variable);
    if (!text) {
        text = found ? found : entry->default_text;
    }
    ce_status status = check(entry, text, &settings->numbers[key]);
    if (status != CE_OK) {
        return found ? cei_error_prefix(status, "%s of the environment: ", variable) : status;
    }
    if (is_text(entry)) {
        settings->texts[key] = cei_strdup(text);
        return settings->texts[key] ? CE_OK : CE_MEMORY;
    }
    return CE_OK;
}

ce_status cei_settings_open(cei_settings *settings, const ce_conf *conf)
{
    *settings = (cei_settings){0};
    for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
        ce_status status = resolve(settings, key, conf);
        if (status != CE_OK) {
            cei_settings_close(settings);
            return status;
        }
    }
    return CE_OK;
}

void cei_settings_close(cei_settings *settings)
{
    for (size_t key = 0; key < CEI_CONF_COUNT; key++) {
        cei_free(settings->texts[key]);
    }
    *settings = (cei_settings){0};
}
