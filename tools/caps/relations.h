/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What capabilities and parameters need and exclude, by name, from the rules and
 * effects of caps/: for people and programs to read, not to decide by.  Pure.
 */
#include "caps/feature.h"
#include "caps/rules.h"

typedef struct {
    RuleKind kind;
    char *setting;       /* what is needed or excluded, as in caps/rules.h */
    char *together_with; /* only while this is set too; NULL: always */
    const char *qemu;    /* what QEMU does about it, one of a few words */
    CapsVersion since, until; /* as of a rule */
    const char *why;          /* one phrase; NULL: nothing to add */
} Relation;

/* What QEMU does about it, for pages that tell rules. */
const char *relation_qemu_word(QemuDoes does);

/*
 * Of Relation, in the order of the tables.  @names (NULL at the end) are set
 * together, so what one of them needs of another is left away.  Free with
 * g_ptr_array_unref().
 */
GPtrArray *relations_of(const char *const *names);

/* What a feature sets, NULL at the end; free with g_free() alone. */
const char **relations_feature_names(const CapsFeature *feature);

/*
 * "xbzrle (from 8.2), compress"; one that goes on under another rule is said
 * once.  "": there is none of this kind.  Free with g_free(), as the next two.
 */
char *relations_to_text(const GPtrArray *relations, RuleKind kind);

/* "transport=file" as people say it: "a file: address". */
char *relation_setting_to_text(const char *setting);

/* "from 8.1, before 10.1"; "": always. */
char *relation_versions_to_text(CapsVersion since, CapsVersion until);
