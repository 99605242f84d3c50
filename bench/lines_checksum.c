// Prints one checksum over the lines of files, whatever their order: lines_checksum FILE... or a folder, of which the
// part-* files are read. The checksum is the sum of a 64-bit hash of each line, next to the number of lines, so two
// outputs with the same lines in other files and other orders compare equal. Used to check word counts.
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t sum, lines;

static uint64_t hash_line(const char *line, size_t bytes)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ (uint8_t)line[i]) * 0x100000001B3u;
    }
    hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u; // sums of unmixed hashes of short lines could agree
    return hash ^ (hash >> 32);
}

static int add_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        perror(path);
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    for (ssize_t bytes; (bytes = getline(&line, &room, file)) >= 0; lines++) {
        sum += hash_line(line, (size_t)bytes - (bytes && line[bytes - 1] == '\n'));
    }
    int failed = ferror(file);
    if (failed) {
        perror(path);
    }
    free(line);
    fclose(file);
    return failed;
}

static int add_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return 1;
    }
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strncmp(entry->d_name, "part-", 5) != 0) {
            continue;
        }
        char path[PATH_MAX];
        int bytes = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (bytes < 0 || (size_t)bytes >= sizeof path) {
            fprintf(stderr, "lines_checksum: the path of %s is too long\n", entry->d_name);
            failed = 1;
            continue;
        }
        failed |= add_file(path);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: lines_checksum FILE|FOLDER...\n");
        return 2;
    }
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        int is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        failed |= is_folder ? add_folder(argv[i]) : add_file(argv[i]);
    }
    printf("result=%016llx-%llu\n", (unsigned long long)sum, (unsigned long long)lines);
    return failed;
}
