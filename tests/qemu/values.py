# SPDX-License-Identifier: LGPL-2.1-or-later
"""Valid values of migration parameters, in QEMU's own units, and what the
tests that try all settings leave out, each with the reason."""

# From the smallest that means something to the largest; none is what both
# QEMUs begin with, where there is another.
PARAMETERS = {
    'announce-initial': (0, 70, 100000),
    'announce-max': (0, 560, 100000),
    'announce-rounds': (0, 7, 1000),
    'announce-step': (1, 110, 10000),
    'avail-switchover-bandwidth': (0, 1000000, 125000000),
    'block-incremental': (True,),
    'compress-level': (0, 3, 9),
    'compress-threads': (1, 3, 255),
    'compress-wait-thread': (False,),
    'cpu-throttle-increment': (1, 12, 99),
    'cpu-throttle-initial': (1, 25, 99),
    'cpu-throttle-tailslow': (True,),
    'decompress-threads': (1, 3, 255),
    'direct-io': (True,),
    'downtime-limit': (1, 310, 2000000),
    'max-bandwidth': (0, 41943040, (1 << 63) - 1),
    'max-cpu-throttle': (25, 90, 99),
    'max-postcopy-bandwidth': (10, 41943040, (1 << 63) - 1),
    'multifd-channels': (1, 3, 255),
    'multifd-compression': ('zlib', 'zstd', 'none'),
    'multifd-qatzip-level': (1, 3, 9),
    'multifd-zlib-level': (0, 3, 9),
    'multifd-zstd-level': (0, 3, 20),
    'throttle-trigger-threshold': (1, 60, 100),
    'tls-authz': ('nobody',),
    'tls-hostname': ('nowhere',),
    'vcpu-dirty-limit': (1, 3, 1000),
    'x-checkpoint-delay': (0, 30000, (1 << 32) - 1),
    'x-vcpu-dirty-limit-period': (1, 900, 1000),
    'xbzrle-cache-size': (4096, 33554432, 1 << 30),
    'zero-page-detection': ('none', 'multifd', 'legacy'),
}
PARAMETERS_LEFT_OUT = {
    'block-bitmap-mapping': 'QEMU has no word for "not set"',
    'mode': 'other than normal it is another way to migrate',
    'tls-creds': 'there is no such object',
}
CAPABILITIES_LEFT_OUT = {
    'background-snapshot': 'it is no migration',
    'x-colo': 'it is no migration',
    'dirty-limit': 'it needs KVM',
    'mapped-ram': 'it needs a file',
}


def is_heeded(name, version):
    """7.2 takes a level of compression, and leaves it as it was."""
    return version != '7.2' or name not in ('multifd-zlib-level',
                                            'multifd-zstd-level')


def word(value):
    """As it is typed."""
    return {True: 'on', False: 'off'}.get(value, str(value)) \
        if isinstance(value, bool) else str(value)
