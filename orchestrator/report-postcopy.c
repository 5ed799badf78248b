/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/report-postcopy.h"

#include "orchestrator/saturate.h"
#include "qmp/json.h"

/* Of the destination's query-migrate, what is of post-copy, with its unit. */
/* clang-format off */
static const struct {
    const char *member, *name;
    int64_t scale;
    bool is_list;
} numbers[] = {
    { "postcopy-blocktime",        "block_us",            1000, false },
    { "postcopy-vcpu-blocktime",   "vcpu_block_us",       1000, true },
    { "postcopy-latency",          "latency_ns",          1,    false },
    { "postcopy-vcpu-latency",     "vcpu_latency_ns",     1,    true },
    { "postcopy-non-vcpu-latency", "non_vcpu_latency_ns", 1,    false },
    { "postcopy-latency-dist",     "latency_counts",      1,    true },
};
/* clang-format on */

static void add_int(JsonObject *object, const char *name, int64_t value)
{
    if (value < 0) {
        json_object_set_null_member(object, name);
    } else {
        json_object_set_int_member(object, name, value);
    }
}

static JsonArray *scaled(JsonArray *told, int64_t scale)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < json_array_get_length(told); i++) {
        JsonNode *node = json_array_get_element(told, i);
        if (json_node_get_value_type(node) == G_TYPE_INT64) {
            json_array_add_int_element(
                array, saturate_multiply(json_node_get_int(node), scale));
        } else {
            json_array_add_null_element(array);
        }
    }
    return array;
}

static void add_told(JsonObject *object, JsonObject *told)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const char *member = numbers[i].member;
        JsonArray *list =
            told && numbers[i].is_list ? qmp_json_array(told, member) : NULL;
        uint64_t value;
        if (list) {
            json_object_set_array_member(object, numbers[i].name,
                                         scaled(list, numbers[i].scale));
        } else if (told && !numbers[i].is_list &&
                   qmp_json_size(told, member, &value)) {
            add_int(object, numbers[i].name,
                    saturate_multiply((int64_t)value, numbers[i].scale));
        } else {
            json_object_set_null_member(object, numbers[i].name);
        }
    }
}

JsonObject *report_postcopy(const Migration *m)
{
    if (!m->context.postcopy) {
        return NULL;
    }
    JsonObject *postcopy = json_object_new();
    add_told(postcopy, m->blocktime);
    add_int(postcopy, "breaks", m->recovery.n_breaks);
    add_int(postcopy, "mended", m->recovery.n_mended);
    return postcopy;
}
