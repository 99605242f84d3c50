/*
 * conf.h: the settings of a context: one table (conf.def), typed values, and where they come from.
 *
 * A value is looked for in the ce_conf, then in CERIUM_<NAME IN CAPITALS> of the environment (an empty variable counts
 * as none), then in the table. Numbers may have a suffix: k, m or g, times 1024, 1024^2, 1024^3.
 */
#ifndef CERIUM_CONF_CONF_H
#define CERIUM_CONF_CONF_H

#include <cerium/context.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum cei_conf_key {
#define CEI_CONF(name, kind, default_text, least, most, unit, text) CEI_CONF_##name,
#include "conf/conf.def"
#undef CEI_CONF
    CEI_CONF_COUNT
} cei_conf_key;

/* All values of one context, resolved and checked. */
typedef struct cei_settings {
    int64_t numbers[CEI_CONF_COUNT]; /* of INT, BYTES, MS and BOOL keys */
    char *texts[CEI_CONF_COUNT];     /* of TEXT and CHOICE keys: owned, never NULL; NULL for the other kinds */
} cei_settings;

/* Resolves every key; conf may be NULL. CE_INVALID: the sentence names the setting and, for a value of the environment,
 * its variable. On failure nothing is owned. */
ce_status cei_settings_open(cei_settings *settings, const ce_conf *conf);
void cei_settings_close(cei_settings *settings);

static inline int64_t cei_setting(const cei_settings *settings, cei_conf_key key)
{
    return settings->numbers[key];
}

#endif
