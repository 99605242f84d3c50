/*
 * module.c: the list of modules that have registered their functions, in the order of loading.
 *
 * Registering happens in constructors, before main or inside dlopen, so it only notes the range of the section; the
 * file is hashed when a plan first asks.
 */
#include "rdd/module.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/thread.h"
#include <dlfcn.h>

enum { MODULES_MAX = 1024 }; /* each prompt of a shell is a module; a program has a few */

struct module {
    const ce_function *const *first, *const *end;
    bool hashed;
    uint64_t content;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct module modules[MODULES_MAX];
static uint32_t module_count;

void ce_register_functions(const ce_function *const *first, const ce_function *const *end)
{
    if (!first || first == end) {
        return;
    }
    cei_lock_take(&lock);
    bool known = module_count == MODULES_MAX;
    for (uint32_t i = 0; i < module_count; i++) {
        if (modules[i].first == first) {
            /* Every file of a module has the constructor; an unloaded module's place may be taken by a new one. */
            modules[i] = (struct module){.first = first, .end = end};
            known = true;
        }
    }
    if (!known) {
        modules[module_count++] = (struct module){.first = first, .end = end};
    }
    cei_lock_give(&lock);
}

static ce_status hash_locked(struct module *module)
{
    if (module->hashed) {
        return CE_OK;
    }
    Dl_info info;
    if (!dladdr((const void *)module->first, &info) || !info.dli_fname) {
        return cei_fail(CE_NOT_FOUND, "the file of a module with functions is not known");
    }
    char *content;
    size_t bytes;
    ce_status status = cei_read_file(info.dli_fname, &content, &bytes);
    if (status != CE_OK) {
        /* A program started by a bare name: the system knows the file. */
        status = cei_read_file("/proc/self/exe", &content, &bytes);
    }
    CE_TRY(status);
    module->content = cei_hash_bytes(content, bytes, 0);
    module->hashed = true;
    cei_free(content);
    return CE_OK;
}

ce_status cei_module_of(const ce_function *f, uint64_t *content)
{
    ce_status status =
        cei_fail(CE_NOT_FOUND, "function %s is not registered: it was not stamped with a macro", f->name);
    cei_lock_take(&lock);
    for (uint32_t i = 0; i < module_count && status == CE_NOT_FOUND; i++) {
        for (const ce_function *const *at = modules[i].first; at < modules[i].end; at++) {
            if (*at == f) {
                status = hash_locked(&modules[i]);
                *content = modules[i].content;
                break;
            }
        }
    }
    cei_lock_give(&lock);
    return status;
}

ce_status cei_module_find(uint64_t content, const char *name, const ce_function **f)
{
    bool module_found = false;
    *f = NULL;
    cei_lock_take(&lock);
    for (uint32_t i = 0; i < module_count && !*f; i++) {
        if (hash_locked(&modules[i]) != CE_OK || modules[i].content != content) {
            continue;
        }
        module_found = true;
        for (const ce_function *const *at = modules[i].first; at < modules[i].end && !*f; at++) {
            if (strcmp((*at)->name, name) == 0) {
                *f = *at;
            }
        }
    }
    cei_lock_give(&lock);
    if (!module_found) {
        return cei_fail(CE_NOT_FOUND, "the module of function %s (content %016llx) is not loaded in this process", name,
                        (unsigned long long)content);
    }
    return *f ? CE_OK : cei_fail(CE_NOT_FOUND, "its module has no function %s", name);
}
