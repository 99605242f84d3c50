/*
 * numbers.c: one loop per number type, so that the compiler can convert many at once.
 */
#include "action/numbers.h"

const double *cei_numbers(const ce_type *type, const char *rows, uint32_t count, double *room)
{
    const void *at = rows;
    switch (type->kind) {
#define CASE(KIND, T)                                                                                                  \
    case CE_KIND_##KIND:                                                                                               \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            room[i] = (double)((const T *)at)[i];                                                                      \
        }                                                                                                              \
        return room;
        CASE(INT8, int8_t)
        CASE(INT16, int16_t)
        CASE(INT32, int32_t)
        CASE(INT64, int64_t)
        CASE(UINT8, uint8_t)
        CASE(UINT16, uint16_t)
        CASE(UINT32, uint32_t)
        CASE(UINT64, uint64_t)
        CASE(FLOAT32, float)
#undef CASE
    default:
        return at;
    }
}
