/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orchestrator/stream-address.h"

/* Why a socket in the folder does not work; NULL: nothing is known against it. */
static char *why_not_there(const ProcessFacts process[], unsigned number,
                           const char *folder)
{
    const ProcessFacts *source = &process[SIDE_SOURCE];
    const ProcessFacts *destination = &process[SIDE_DESTINATION];
    if (host_is_one_folder(source, destination, number) == ANSWER_NO) {
        return g_strdup_printf("the QEMUs do not see the same %s", folder);
    }
    if (destination->folders[number].may_make == ANSWER_NO) {
        return g_strdup_printf("the destination (uid %" G_GINT64_FORMAT
                               ") may not make a socket in %s",
                               destination->uid, folder);
    }
    if (source->folders[number].may_search == ANSWER_NO) {
        return g_strdup_printf("the source (uid %" G_GINT64_FORMAT
                               ") may not search %s",
                               source->uid, folder);
    }
    if (host_may_connect(source, destination) == ANSWER_NO) {
        return g_strdup_printf("the source (uid %" G_GINT64_FORMAT
                               ") may not connect to a socket "
                               "of the destination (uid %" G_GINT64_FORMAT ")",
                               source->uid, destination->uid);
    }
    return NULL;
}

static char *socket_in(const char *folder, const char *usual)
{
    g_auto(Uri) uri = { 0 };
    if (!uri_parse(usual, &uri, NULL) || uri.kind != URI_UNIX) {
        return NULL;
    }
    g_autofree char *name = g_path_get_basename(uri.path);
    return g_strdup_printf("unix:%s/%s", folder, name);
}

/* A folder that all can use, and we too: the socket is to be removed. */
static char *find_other_folder(const StreamNeeds *needs)
{
    for (unsigned i = 1; i < HOST_FOLDERS_MAX && needs->folders[i]; i++) {
        g_autofree char *why =
            why_not_there(needs->process, i, needs->folders[i]);
        const HostFolder *folder = &needs->process[SIDE_DESTINATION].folders[i];
        if (!why && folder->may_make == ANSWER_YES &&
            folder->is_ours == ANSWER_YES &&
            host_may_connect(&needs->process[SIDE_SOURCE],
                             &needs->process[SIDE_DESTINATION]) == ANSWER_YES) {
            return socket_in(needs->folders[i], needs->usual);
        }
    }
    return NULL;
}

static StreamAddress choose_tcp(const StreamNeeds *needs)
{
    bool is_none =
        host_is_one_network(&needs->process[SIDE_SOURCE],
                            &needs->process[SIDE_DESTINATION]) == ANSWER_NO;
    return (StreamAddress){
        .uri = is_none ? NULL : g_strdup("tcp:127.0.0.1:0"),
        .reason = g_strdup_printf("%s needs tcp", needs->needs_tcp),
        .is_none = is_none,
    };
}

StreamAddress stream_address_choose(const StreamNeeds *needs)
{
    if (needs->needs_tcp) {
        return choose_tcp(needs);
    }
    const ProcessFacts *source = &needs->process[SIDE_SOURCE];
    const ProcessFacts *destination = &needs->process[SIDE_DESTINATION];
    StreamAddress chosen = { 0 };
    if (!needs->folders || !needs->folders[0] || !source->known ||
        !destination->known) {
        return chosen;
    }
    chosen.reason = why_not_there(needs->process, 0, needs->folders[0]);
    if (!chosen.reason) {
        return chosen;
    }
    if ((chosen.uri = find_other_folder(needs))) {
        return chosen;
    }
    if (needs->may_pass && !needs->needs_several && !needs->needs_again) {
        chosen.uri = g_strdup("fd:pair");
    } else if (host_is_one_network(source, destination) == ANSWER_YES) {
        chosen.uri = g_strdup("tcp:127.0.0.1:0");
    } else {
        chosen.is_none = true;
    }
    return chosen;
}

void stream_address_clear(StreamAddress *address)
{
    g_clear_pointer(&address->uri, g_free);
    g_clear_pointer(&address->reason, g_free);
}

static void refuse(const char *text, Side side, const char *why,
                   GPtrArray *findings)
{
    findings_add(findings, FINDING_ADDRESS, FINDING_ERROR, side,
                 g_strdup("leave --uri out: an address that works for both is "
                          "then chosen"),
                 "%s cannot be used: %s", text, why);
}

void stream_address_check(const Uri *uri, const char *text, bool is_direct,
                          const ProcessFacts process[N_SIDES],
                          GPtrArray *findings)
{
    bool is_named = uri->path && uri->access == URI_BY_NAME;
    if (!is_named || !process[SIDE_SOURCE].known ||
        !process[SIDE_DESTINATION].known) {
        return;
    }
    g_autofree char *folder = g_path_get_dirname(uri->path);
    for (Side side = SIDE_SOURCE; side < N_SIDES; side++) {
        bool uses = side == SIDE_DESTINATION || is_direct;
        if (uses && process[side].folders[0].is_there == ANSWER_NO) {
            g_autofree char *why =
                g_strdup_printf("it sees no folder %s", folder);
            refuse(text, side, why, findings);
            return;
        }
    }
    HostAnswer one = host_is_one_folder(&process[SIDE_SOURCE],
                                        &process[SIDE_DESTINATION], 0);
    g_autofree char *why =
        uri->kind == URI_UNIX && is_direct ? why_not_there(process, 0, folder)
        : uri->kind == URI_FILE && one == ANSWER_NO
            ? g_strdup_printf("the QEMUs do not see the same %s", folder)
            : NULL;
    if (why) {
        refuse(text, N_SIDES, why, findings);
    }
}
