/*
 * module.h: finding stamped functions by name, so that plans can travel between processes.
 *
 * A module is a file with code: the program, or a shared object. Its name in a plan is its content: the XXH3 of the
 * file's bytes. Two processes that loaded the same bytes have the same functions, whatever the path.
 */
#ifndef CERIUM_RDD_MODULE_H
#define CERIUM_RDD_MODULE_H

#include <cerium/kernel.h>

/* The content hash of the module that stamped f. CE_NOT_FOUND when f was never registered, CE_IO when its file cannot
 * be read. The file is read once. Any thread. */
ce_status cei_module_of(const ce_function *f, uint64_t *content);

/* The function of that name in the module with that content. CE_NOT_FOUND says which of the two is missing. */
ce_status cei_module_find(uint64_t content, const char *name, const ce_function **f);

#endif
