/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How scripts start; QEMU 7.2's words. */
#define GREETING_TEXT(capabilities)                                            \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, "        \
    "\"major\": 7}, \"package\": \"\"}, \"capabilities\": [" capabilities      \
    "]}}"

/*
 * What a session does with a command, whatever it is: these have names that are
 * short, or say what the script does.
 */
#define INVENTED "! invent a b c hold slow next long short cancelled\n"

#define GREETING     "<- " GREETING_TEXT("") "\n"
#define GREETING_OOB "<- " GREETING_TEXT("\"oob\"") "\n"
#define NEGOTIATION                                                            \
    "-> {\"execute\": \"qmp_capabilities\"}\n"                                 \
    "<- {\"return\": {}}\n"
#define NEGOTIATION_OOB                                                        \
    "-> {\"execute\": \"qmp_capabilities\", \"arguments\": "                   \
    "{\"enable\": [\"oob\"]}}\n"                                               \
    "<- {\"return\": {}}\n"

#define READY     INVENTED GREETING NEGOTIATION
#define READY_OOB INVENTED GREETING_OOB NEGOTIATION_OOB

#define STATUS                                                                 \
    "*> {\"execute\": \"query-status\"}\n"                                     \
    "<- {\"return\": {\"status\": \"running\"}}\n"
