/*
 * error.h: failing with a sentence.
 *
 * cei_fail() stores the sentence for ce_last_error() on this thread and returns the status, so that a failure is one
 * line:
 *     return cei_fail(CE_IO, "%s: cannot read: %s", path, strerror(errno));
 * CE_TRY forwards a failure untouched. A sentence that is already stored can get a place in front with
 * cei_error_prefix().
 */
#ifndef CERIUM_BASE_ERROR_H
#define CERIUM_BASE_ERROR_H

#include <cerium/status.h>

/* Returns from the calling function when call fails. */
#define CE_TRY(call)                                                                                                   \
    do {                                                                                                               \
        ce_status ce_try_status_ = (call);                                                                             \
        if (__builtin_expect(ce_try_status_ != CE_OK, 0)) {                                                            \
            return ce_try_status_;                                                                                     \
        }                                                                                                              \
    } while (0)

/* Stores the sentence (cut at CEI_ERROR_BYTES_MAX) and returns status. Arguments may point into the stored sentence. */
ce_status cei_fail(ce_status status, const char *format, ...) CE_PRINTF(2, 3);

/* As cei_fail, for the system's errno: chooses CE_NO_SPACE, CE_NOT_FOUND, CE_EXISTS, CE_MEMORY or CE_IO, and appends
 * ": " and the system's text. */
ce_status cei_fail_errno(int error, const char *format, ...) CE_PRINTF(2, 3);

/* Puts text in front of the stored sentence; returns status. */
ce_status cei_error_prefix(ce_status status, const char *format, ...) CE_PRINTF(2, 3);

/* Sets the stored sentence as it stands. text may be NULL or "", which clears it. */
void cei_error_set(const char *text);

enum { CEI_ERROR_BYTES_MAX = 2048 };

#endif
