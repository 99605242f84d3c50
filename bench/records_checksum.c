// Prints a checksum over records of 100 bytes, and whether their keys of 10 bytes ascend: records_checksum FILE|FOLDER.
// Of a folder the part-* files are read, in the order of their names, as one file. The checksum is the sum of a hash of
// each record next to their number, so that equal keys may lie in any order. Used to check sorts.
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD = 100, KEY = 10, ROOM = 4096 };

static uint64_t sum, records;
static int disorder, has_last;
static char last[KEY];

static uint64_t hash_record(const char *record)
{
    uint64_t hash = 0xCBF29CE484222325u, word;
    for (int at = 0; at < RECORD; at += 4) {
        word = 0;
        memcpy(&word, record + at, 4);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static int add_file(const char *path)
{
    static char room[ROOM * RECORD];
    FILE *file = fopen(path, "re");
    size_t bytes = 0;
    while (file && (bytes = fread(room, 1, sizeof room, file)) > 0) {
        for (char *at = room; at + RECORD <= room + bytes; at += RECORD) {
            disorder |= has_last && memcmp(last, at, KEY) > 0;
            has_last = 1;
            memcpy(last, at, KEY);
            sum += hash_record(at);
            records++;
        }
        if (bytes % RECORD) {
            fprintf(stderr, "%s: ends within a record\n", path);
            fclose(file);
            return 1;
        }
    }
    if (!file || ferror(file)) {
        perror(path);
        return 1;
    }
    return fclose(file) != 0;
}

static int is_part(const struct dirent *entry)
{
    return strncmp(entry->d_name, "part-", 5) == 0;
}

static int add_folder(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_part, alphasort), failed = count < 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        int bytes = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        failed |= bytes < 0 || (size_t)bytes >= sizeof path || add_file(path);
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct stat status;
    if (argc != 2) {
        fprintf(stderr, "usage: records_checksum FILE|FOLDER\n");
        return 2;
    }
    int is_folder = stat(argv[1], &status) == 0 && S_ISDIR(status.st_mode);
    int failed = is_folder ? add_folder(argv[1]) : add_file(argv[1]);
    printf("result=%llu:%016llx%s\n", (unsigned long long)records, (unsigned long long)sum,
           disorder ? ":unsorted" : "");
    return failed;
}
