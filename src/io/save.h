/*
 * save.h: what the tasks of the saving actions share with each other, and agree on with the action: where a part is
 * written, and where it is when it is whole.
 *
 *     DIR/_temporary/part-00007.attempt-0   being written, by attempt 0
 *     DIR/_temporary/part-00007             written
 *     DIR/part-00007, DIR/_SUCCESS          all parts are written: moved by the action
 *
 * An operator that saves is a cei_save as the first member of its state, and a function that turns rows into bytes.
 */
#ifndef CERIUM_IO_SAVE_H
#define CERIUM_IO_SAVE_H

#include "base/file.h"
#include "rdd/node.h"

/* The arguments of the operators save_text and save_binary. */
CE_RECORD(cei_save_args, (ce_str, directory));

#define CEI_SAVE_TEMPORARY "_temporary"
#define CEI_SAVE_PART "part-%05u"

/* Written at once: large enough that system calls do not count, small enough to stay in the L2 cache. */
enum { CEI_SAVE_WRITE_BYTES = 256 << 10 };

typedef struct cei_save cei_save;

struct cei_save {
    cei_cursor cursor;
    cei_cursor *input;
    /* Appends the bytes of all rows of a batch, and calls cei_save_write when there are CEI_SAVE_WRITE_BYTES. */
    ce_status (*rows)(cei_save *save, const cei_batch *in);
    cei_buffer bytes; /* not written yet */
    cei_file file;
    const char *attempt_path, *part_path; /* in the run's memory */
    bool started, attempted, done;
};

/* Makes a zeroed state of state_bytes that begins with a cei_save; for an operator's open. */
ce_status cei_save_open(cei_run *run, const ce_rdd *node, uint32_t partition, size_t state_bytes,
                        ce_status (*rows)(cei_save *save, const cei_batch *in), cei_cursor **cursor);

/* Writes what waits in bytes to the file. */
ce_status cei_save_write(cei_save *save);

#endif
