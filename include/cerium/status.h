/*
 * status.h: how a call says that it failed.
 *
 * Every call that can fail returns a ce_status, which the compiler insists on being looked at. The sentence that goes
 * with it (which file, which place, why) is kept per thread: ce_last_error() is to ce_status what strerror is to
 * errno.
 */
#ifndef CERIUM_STATUS_H
#define CERIUM_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define CE_API __attribute__((visibility("default")))
#define CE_NODISCARD __attribute__((warn_unused_result))
#define CE_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/* What went wrong, in kind. CE_OK is 0; a program may return a status from main. The list is in status.def. */
typedef enum ce_status {
#define CE_STATUS_CODE(name, text) CE_##name,
#include "status.def"
#undef CE_STATUS_CODE
    CE_STATUS_COUNT
} ce_status;

/* The text of a status, such as "not found". Never NULL; static. Any thread. */
CE_API const char *ce_status_text(ce_status status);

/*
 * The sentence of the newest failure on the calling thread, such as
 * "word_count.c:14: reduce_by_key: needs pair(K, V), has str". "" when nothing has failed yet. The text belongs to the
 * thread and is valid until the next call into Cerium on that thread.
 */
CE_API const char *ce_last_error(void);

/* Where in the user's program a call stands. Both texts are static. */
typedef struct ce_site {
    const char *file;
    int line;
} ce_site;

/* The place of the macro's use. The file is as the compiler was given it. */
#define CE_SITE ((ce_site){__FILE__, __LINE__})

#ifdef __cplusplus
}
#endif
#endif
