/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* --predict, and the verb of that name: measure a QEMU's guest, on a main loop
 * of its own and with Ctrl-C, and predict from it. */
#include "orchestrator/forecast.h"
#include "qmp/address.h"
#include "tools/settings.h"

/* NULL: why is in @failure.  @settings must outlive it. */
Forecast *foresee(const Settings *settings, const QmpAddress *address,
                  Failure *failure);

/*
 * Before a migration: prints what is predicted to standard error.  What cannot
 * be measured does not stop it: NULL, with a warning.
 */
Forecast *foresee_migration(const Settings *settings,
                            const QmpAddress *address);

/* The same from what was measured already; @failure: why it was not. */
Forecast *foresee_from(const Settings *settings,
                       const MigrationSettings *migration,
                       const Measured *measured, const Failure *failure);

/* The member "prediction" of a result; @forecast and @m may be NULL, and so may
 * be what is returned.  Free with json_object_unref(). */
JsonObject *foresee_result(const Forecast *forecast, const Migration *m);

/* qmigrate.prediction/1; @m may be NULL.  Free with json_node_unref(). */
JsonNode *foresee_document(const Forecast *forecast, const Migration *m);
