/*
 * files.h: a fresh folder for the files of a test program, and files in it by name.
 *
 * The folder goes when the program ends. Nothing here fails when a test makes the library's calls fail.
 */
#ifndef CERIUM_TESTS_FILES_H
#define CERIUM_TESTS_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* FOLDER/NAME; "" is the folder. The text stays until the program ends. */
const char *test_path(const char *name);

/* Writes a file; its folders are made. Returns its path. */
const char *test_file(const char *name, const void *bytes, size_t count);
const char *test_text_file(const char *name, const char *text);

/* Makes a folder with its parents, and returns its path. */
const char *test_folder(const char *name);

/* Takes away a file, or a folder with all that is in it; missing is fine. */
void test_remove(const char *name);

bool test_exists(const char *name);

/* The content of a file with a NUL behind, freed by the caller with free(). The test fails when there is none. */
char *test_content(const char *name, size_t *count);

/* "part-00000=a\nb\n;_SUCCESS=;" : the files of a folder, sorted, with their contents; freed by the caller with
 * free(). */
char *test_listing(const char *name);

#endif
