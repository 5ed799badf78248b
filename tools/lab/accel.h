/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
#include <glib.h>

/*
 * Could KVM here run a 64-bit guest at all?  It takes no more than asking the
 * kernel; that a guest really starts on it, only trying tells.
 */
gboolean accel_kvm_is_plausible(void);
