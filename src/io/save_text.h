/*
 * save_text.h: what the tasks of save_as_text_file and the action agree on: where a part is written, and where it is
 * when it is whole.
 *
 *     DIR/_temporary/part-00007.attempt-0   being written, by attempt 0
 *     DIR/_temporary/part-00007             written
 *     DIR/part-00007, DIR/_SUCCESS          all parts are written: moved by the action
 */
#ifndef CERIUM_IO_SAVE_TEXT_H
#define CERIUM_IO_SAVE_TEXT_H

#include "rdd/node.h"

/* The arguments of the operator save_text. */
CE_RECORD(cei_save_args, (ce_str, directory));

#define CEI_SAVE_TEMPORARY "_temporary"
#define CEI_SAVE_PART "part-%05u"

#endif
