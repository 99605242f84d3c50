/*
 * poison.h: marks memory that nobody may touch, for AddressSanitizer.
 *
 * Pools and arenas recycle memory without telling the heap, so the sanitizer cannot see a use after give-back by
 * itself. Without the sanitizer both macros are nothing.
 */
#ifndef CERIUM_BASE_POISON_H
#define CERIUM_BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define CEI_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CEI_POISONS 1
#endif
#endif

#ifdef CEI_POISONS
#include <sanitizer/asan_interface.h>
#define CEI_POISON(at, bytes) ASAN_POISON_MEMORY_REGION(at, bytes)
#define CEI_UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION(at, bytes)
#else
#define CEI_POISON(at, bytes) ((void)(at), (void)(bytes))
#define CEI_UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#endif

#endif
