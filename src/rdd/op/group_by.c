/* group_by : rdd(T), (T -> K) -> rdd(pair(K, list(T)))
 *
 * key_by and group_by_key in one. */
#include "rdd/node.h"

ce_rdd *ce_group_by_at(ce_rdd *rdd, const ce_function *f, const void *env, uint32_t partitions, ce_site site)
{
    return ce_group_by_key_at(ce_key_by_at(rdd, f, env, site), partitions, site);
}
