/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Features: what a user asks for by one option, as capabilities and parameters
 * of both sides.  One table makes the options, the agreement and
 * docs/features.rst.  Pure.
 */
#include <glib.h>
#include <stdint.h>

#include "caps/finding.h"

typedef struct CapsFeature CapsFeature;

/* What a feature may have to know of the guest and the host; 0: not known. */
typedef struct {
    uint64_t link_bits_per_s; /* UINT64_MAX: there is none, as for a file */
    unsigned n_vcpus;
    unsigned n_processors; /* of the source's host, for this process */
} CapsSurroundings;

struct CapsFeature {
    const char *option; /* without the dashes */
    const char *value;  /* as --help shows it; NULL: takes none */
    gboolean is_value_optional;
    const char *capabilities[3]; /* that it turns on */
    const char *parameters[4];   /* that VALUE:VALUE... sets, in this order */
    const char *host; /* what it needs besides, one phrase; NULL: nothing */
    const char *help; /* one line */
};

/* A feature that is wished for. */
typedef struct {
    const CapsFeature *feature;
    char *value; /* NULL: none was given */
} CapsFeatureWish;

CapsFeatureWish *caps_feature_wish_new(const CapsFeature *feature,
                                       const char *value);
void caps_feature_wish_free(CapsFeatureWish *wish);

const CapsFeature *caps_features(size_t *ret_n);
const CapsFeature *caps_feature(const char *option); /* NULL: there is none */

/* Is @value, which may be NULL, right as far as it can be known without asking a
 * QEMU?  Fails in G_OPTION_ERROR_BAD_VALUE. */
gboolean caps_feature_check(const CapsFeature *feature, const char *value,
                            GError **error);

/* Adds to @wishes (of CapsWish) what @wish comes to, and to @findings what was
 * decided, or why it cannot be. */
void caps_feature_expand(const CapsFeatureWish *wish,
                         const CapsSurroundings *surroundings,
                         GPtrArray *wishes, GPtrArray *findings);

/* "add --multifd" or "add --enable NAME"; free with g_free(). */
char *caps_feature_how_to_enable(const char *capability);

/*
 * How many connections --multifd=auto takes: one for each 10 Gbit/s, as many as
 * the guest has vCPUs and the host processors, at most 16; 0: too few to be of
 * use.  What is not known (0) does not limit, except the link.
 */
unsigned caps_multifd_auto(const CapsSurroundings *surroundings);
