/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/lab/options.h"

void lab_options_clear(LabOptions *options)
{
    g_free(options->qemu[SIDE_SOURCE]);
    g_free(options->qemu[SIDE_DESTINATION]);
    g_free(options->machine);
    g_free(options->accel);
    g_free(options->accel_more);
    g_free(options->pattern);
    g_free(options->content);
    g_strfreev(options->more);
    g_strfreev(options->destination_more);
    *options = (LabOptions){ 0 };
}

JsonObject *lab_options_to_json(const LabOptions *options)
{
    JsonObject *object = json_object_new();
    JsonArray *more = json_array_new();

    for (char *const *word = options->more; word && *word; word++) {
        json_array_add_string_element(more, *word);
    }
    json_object_set_int_member(object, "memory_bytes", options->memory_bytes);
    json_object_set_int_member(object, "cpus", options->n_cpus);
    json_object_set_int_member(object, "dirty_bytes_per_s",
                               options->dirty_bytes_per_s);
    json_object_set_int_member(object, "working_set_bytes",
                               options->working_set_bytes);
    json_object_set_int_member(object, "warm_up_us", options->warm_up_us);
    json_object_set_string_member(object, "pattern", options->pattern);
    json_object_set_string_member(object, "content", options->content);
    json_object_set_array_member(object, "qemu_arguments", more);
    return object;
}
