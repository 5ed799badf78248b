/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/facts.h"

#include <string.h>

#include "qmp/json.h"

/* clang-format off */
static const struct {
    const char *word;
    Status status;
} words[] = {
    { "none",                   STATUS_NONE },
    { "setup",                  STATUS_SETUP },
    { "wait-unplug",            STATUS_WAIT_UNPLUG },
    { "active",                 STATUS_ACTIVE },
    { "pre-switchover",         STATUS_PRE_SWITCHOVER },
    { "device",                 STATUS_DEVICE },
    { "postcopy-active",        STATUS_POSTCOPY },
    { "postcopy-device",        STATUS_POSTCOPY_DEVICE },
    { "postcopy-recover-setup", STATUS_POSTCOPY_RECOVER },
    { "postcopy-recover",       STATUS_POSTCOPY_RECOVER },
    { "postcopy-paused",        STATUS_POSTCOPY_PAUSED },
    { "cancelling",             STATUS_CANCELLING },
    { "completed",              STATUS_COMPLETED },
    { "failed",                 STATUS_FAILED },
    { "cancelled",              STATUS_CANCELLED },
};
/* clang-format on */

void facts_clear(Facts *facts)
{
    g_free(facts->error_desc);
    *facts = (Facts){ 0 };
}

Status status_from_word(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, word) == 0) {
            return words[i].status;
        }
    }
    return g_str_has_prefix(word, "postcopy") ? STATUS_POSTCOPY
                                              : STATUS_IN_PROGRESS;
}

const char *status_to_word(Status status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words[i].status == status) {
            return words[i].word;
        }
    }
    return "unknown";
}

bool status_is_terminal(Status status)
{
    return status == STATUS_NONE || status == STATUS_COMPLETED ||
           status == STATUS_FAILED || status == STATUS_CANCELLED;
}

bool status_is_postcopy(Status status)
{
    return status == STATUS_POSTCOPY || status == STATUS_POSTCOPY_DEVICE ||
           status == STATUS_POSTCOPY_PAUSED ||
           status == STATUS_POSTCOPY_RECOVER;
}

bool status_is_precopy(Status status)
{
    return status == STATUS_SETUP || status == STATUS_WAIT_UNPLUG ||
           status == STATUS_ACTIVE || status == STATUS_PRE_SWITCHOVER ||
           status == STATUS_CANCELLING;
}

bool status_is_in_progress(Status status)
{
    return status != STATUS_UNKNOWN && !status_is_terminal(status);
}

bool status_is_before_switchover(Status status)
{
    return status == STATUS_SETUP || status == STATUS_WAIT_UNPLUG ||
           status == STATUS_ACTIVE || status == STATUS_CANCELLING;
}

bool status_is_switchover(Status status)
{
    return status == STATUS_PRE_SWITCHOVER || status == STATUS_DEVICE;
}

static void take_status(Facts *facts, const char *word)
{
    facts->status = status_from_word(word);
    g_strlcpy(facts->status_word, word, sizeof(facts->status_word));
}

void facts_take_query_status(Facts *facts, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply)) {
        return;
    }
    const char *word = qmp_json_string(json_node_get_object(reply), "status");
    if (word) {
        g_strlcpy(facts->run_state, word, sizeof(facts->run_state));
        facts->ran |= facts_is_running(facts);
        facts->never_ran &= !facts->ran;
    }
}

void facts_take_query_migrate(Facts *facts, JsonNode *reply)
{
    if (!reply || !JSON_NODE_HOLDS_OBJECT(reply)) {
        return;
    }
    JsonObject *info = json_node_get_object(reply);
    const char *word = qmp_json_string(info, "status");
    /* An event can overtake an answer that was true when it was written. */
    if (facts->completed_us == 0 ||
        !status_is_in_progress(status_from_word(word ? word : "none"))) {
        take_status(facts, word ? word : "none");
    }

    facts->listens = json_object_has_member(info, "socket-address");
    const char *desc = qmp_json_string(info, "error-desc");
    if (desc) {
        g_free(facts->error_desc);
        facts->error_desc = g_strdup(desc);
    }
}

static void change_run_state(Facts *facts, const char *from, const char *to)
{
    if (facts_run_state_is(facts, from)) {
        g_strlcpy(facts->run_state, to, sizeof(facts->run_state));
    }
}

/* Since 11.1 "failing" comes before "failed", while QEMU cleans up. */
static void note_failing(Facts *facts, const char *word, int64_t time_us)
{
    bool is_failing =
        strcmp(word, "failing") == 0 || facts->status == STATUS_FAILED;
    if (is_failing && facts->failed_us == 0) {
        facts->failed_us = time_us;
    }
}

void facts_take_event(Facts *facts, const char *name, JsonObject *data,
                      int64_t time_us)
{
    if (strcmp(name, "STOP") == 0) {
        facts->stop_us = time_us;
        facts->stopped = true;
    } else if (strcmp(name, "RESUME") == 0) {
        facts->resume_us = time_us;
        facts->stopped = false;
        facts->ran = true;
        facts->never_ran = false;
        change_run_state(facts, "inmigrate", "running");
    } else if (strcmp(name, "SUSPEND") == 0) {
        change_run_state(facts, "running", "suspended");
    } else if (strcmp(name, "WAKEUP") == 0 && !facts->stopped) {
        change_run_state(facts, "suspended", "running");
    } else if (strcmp(name, "GUEST_PANICKED") == 0) {
        facts->panicked_us = time_us;
    } else if (strcmp(name, "SHUTDOWN") == 0 && data) {
        const char *reason = qmp_json_string(data, "reason");
        facts->shutdown_us = time_us;
        g_strlcpy(facts->shutdown_reason, reason ? reason : "",
                  sizeof(facts->shutdown_reason));
    } else if (strcmp(name, "MIGRATION") == 0 && data) {
        const char *word = qmp_json_string(data, "status");
        if (word) {
            take_status(facts, word);
            note_failing(facts, word, time_us);
        }
        if (facts->status == STATUS_COMPLETED) {
            facts->completed_us = time_us;
        }
    }
}

void facts_take_lag(Facts *facts, int64_t lag_us)
{
    facts->lag_us = facts->has_lag ? MIN(facts->lag_us, lag_us) : lag_us;
    facts->has_lag = true;
}

static void take_work_done(Facts *facts, uint64_t n)
{
    facts->ran |= n > 0;
    facts->never_ran = !facts->ran;
    facts->blind &= !facts->never_ran;
}

/* Lines for people, among them "TB count            2516": blocks of the guest's
 * code that were translated, which is done when they first run. */
void facts_take_query_jit(Facts *facts, JsonNode *reply)
{
    static const char name[] = "\nTB count ";
    const char *text = reply && JSON_NODE_HOLDS_OBJECT(reply)
                           ? qmp_json_string(json_node_get_object(reply),
                                             "human-readable-text")
                           : NULL;
    const char *line = text ? strstr(text, name) : NULL;
    guint64 n = 0;
    if (line) {
        line += strlen(name);
        line += strspn(line, " ");
        g_autofree char *number = g_strndup(line, strspn(line, "0123456789"));
        if (g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &n, NULL)) {
            take_work_done(facts, n);
        }
    }
}

/* One number of each vCPU: how often KVM left the guest. */
static bool read_exits(JsonNode *vcpu, uint64_t *ret)
{
    JsonArray *stats = JSON_NODE_HOLDS_OBJECT(vcpu)
                           ? qmp_json_array(json_node_get_object(vcpu), "stats")
                           : NULL;
    JsonNode *first = stats && json_array_get_length(stats) == 1
                          ? json_array_get_element(stats, 0)
                          : NULL;
    return first && JSON_NODE_HOLDS_OBJECT(first) &&
           qmp_json_size(json_node_get_object(first), "value", ret);
}

void facts_take_query_stats(Facts *facts, JsonNode *reply)
{
    JsonArray *vcpus = reply && JSON_NODE_HOLDS_ARRAY(reply)
                           ? json_node_get_array(reply)
                           : NULL;
    guint n_vcpus = vcpus ? json_array_get_length(vcpus) : 0;
    uint64_t n = 0;
    for (guint i = 0; i < n_vcpus; i++) {
        uint64_t exits;
        if (!read_exits(json_array_get_element(vcpus, i), &exits)) {
            return;
        }
        n |= exits;
    }
    if (n_vcpus > 0) {
        take_work_done(facts, n);
    }
}

bool facts_is_running(const Facts *facts)
{
    return facts_run_state_is(facts, "running") ||
           facts_run_state_is(facts, "suspended");
}

bool facts_is_reset(const Facts *facts)
{
    return facts->status == STATUS_COMPLETED &&
           facts_run_state_is(facts, "prelaunch");
}

bool facts_has_left(const Facts *facts)
{
    return facts_run_state_is(facts, "postmigrate") || facts_is_reset(facts);
}

bool facts_has_run(const Facts *facts)
{
    return facts->ran || facts->resume_us != 0 || facts_is_running(facts);
}

bool facts_run_state_is(const Facts *facts, const char *run_state)
{
    /* STOP overtakes the answer that was true before it, and a guest that runs
     * again says so by RESUME first. */
    if (facts->stopped && strcmp(run_state, "running") == 0) {
        return false;
    }
    return strcmp(facts->run_state, run_state) == 0;
}
