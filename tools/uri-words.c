/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/uri-words.h"

#include "orchestrator/uri.h"

static gboolean parse(const char *option, const char *text, Uri *ret,
                      GError **error)
{
    if (text && !uri_parse(text, ret, error)) {
        g_prefix_error(error, "--%s: ", option);
        return FALSE;
    }
    return TRUE;
}

/* Each side has an address of its own only where both can reach the other. */
static gboolean check(const UriWords *words, const Uri *uri, const Uri *source,
                      GError **error)
{
    const char *why = NULL;
    gboolean is_exec = words->uri && uri->kind == URI_EXEC;

    if (is_exec && !words->source) {
        why = "--uri exec: is the destination's command; give the source's as "
              "--source-uri exec:COMMAND";
    } else if (words->source && is_exec != (source->kind == URI_EXEC)) {
        why = "--source-uri and --uri are both exec:, or neither";
    } else if (words->source &&
               (source->kind == URI_FILE || source->kind == URI_PAIR)) {
        why = "--source-uri is an address that can be connected to, or exec:";
    } else if (words->source && words->uri &&
               (uri->kind == URI_FILE || uri->kind == URI_PAIR)) {
        why = "--source-uri has no place beside this --uri";
    } else if (words->live && !(words->uri && uri->kind == URI_FILE)) {
        why = "--live is for --uri file:PATH: elsewhere the guest runs anyway";
    }
    if (why) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            why);
    }
    return !why;
}

gboolean uri_words_take(const UriWords *words, MigrationSettings *migration,
                        GError **error)
{
    g_auto(Uri) uri = { 0 }, source = { 0 };

    if (!parse("uri", words->uri, &uri, error) ||
        !parse("source-uri", words->source, &source, error) ||
        !check(words, &uri, &source, error)) {
        return FALSE;
    }
    migration->uri = g_strdup(words->uri);
    migration->way_uri = g_strdup(words->source);
    migration->as_channels = words->channels;
    migration->is_live = words->live;
    return TRUE;
}
