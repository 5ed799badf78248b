# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that takes commands: a boot sector that writes to its memory without
end, and looks at its serial line for one letter.

r: reset   o: power off   s: suspend to RAM   p: panic (pvpanic)   d: write to the disk
"""

import os

import pair

# From this source, by as --32 and objcopy -O binary -j .text:
#
#   .code16
#   start:
#   cli
#   xor %ax,%ax
#   mov %ax,%ds
#   mov %ax,%ss
#   mov $0x7c00,%sp
#   mov $0x3f8,%dx
#   mov $'!',%al
#   out %al,%dx
#   look:
#   mov $0x3fd,%dx
#   in %dx,%al
#   test $1,%al
#   jz dirty
#   mov $0x3f8,%dx
#   in %dx,%al
#   cmp $'r',%al
#   je reset
#   cmp $'p',%al
#   je panic
#   cmp $'o',%al
#   je off
#   cmp $'s',%al
#   je sleep
#   cmp $'d',%al
#   je disk
#   dirty:
#   mov $0x1000,%bx
#   next:
#   mov %bx,%es
#   incl %es:0
#   add $0x100,%bx
#   cmp $0x9000,%bx
#   jb next
#   jmp look
#   reset:
#   mov $0xfe,%al
#   out %al,$0x64
#   jmp halt
#   panic:
#   mov $0x505,%dx
#   mov $1,%al
#   out %al,%dx
#   jmp look
#   disk:
#   mov $0x0301,%ax
#   mov $0x0003,%cx
#   mov $0x0080,%dx
#   mov $0x8000,%bx
#   push %ds
#   pop %es
#   sti
#   int $0x13
#   cli
#   mov $0x3f8,%dx
#   mov $'D',%al
#   out %al,%dx
#   jmp look
#   off:
#   mov $0x2000,%ax
#   jmp pm
#   sleep:
#   mov $0x2400,%ax
#   pm:
#   mov $0x604,%dx
#   out %ax,%dx
#   halt:
#   hlt
#   jmp halt
MACHINE = 'pc-i440fx-7.2'  # SeaBIOS waits 30 s for the disk of a q35

SECTOR = bytes.fromhex('''
fa31c08ed88ed0bc007cbaf803b021eebafd03eca8017418baf803ec
3c7274273c7074293c6f74473c7374483c647425bb00108ec32666ff
06000081c3000181fb009072eeebc9b0fee664eb2eba0505b001eeeb
bbb80103b90300ba8000bb00801e07fbcd13fabaf803b044eeeba1b8
0020eb03b80024ba0406eff4ebfd
''')


def image(place):
    """A disk to boot from."""
    path = place.path('boot.img')
    if not os.path.exists(path):
        with open(path, 'wb') as file:
            file.write(SECTOR.ljust(510, b'\0') + b'\x55\xaa')
            file.truncate(1 << 20)
    return path


def words(place, *more):
    """Of a QEMU with this guest."""
    return ('-machine', MACHINE, '-m', '64', '-device', 'pvpanic', '-drive',
            f'file={image(place)},format=raw,if=ide,snapshot=on', *more)


def pair_of(place, version, *more, source_more=(), destination_more=()):
    """Two QEMUs; returns when the guest works on the source."""
    place.source = place.qemu('source', version, *words(place, *more),
                              *source_more)
    place.destination = place.qemu(
        'destination', version, *words(place, *more), '-S', '-incoming',
        'defer', *destination_more)
    pair.until(lambda: is_up(place.source), 'the guest works')
    place.before = place.source.settings()
    return place


def is_up(qemu):
    with open(qemu.serial, 'rb') as file:
        return b'!' in file.read()


def tell(qemu, letter):
    """It is read as soon as the guest runs there."""
    line = os.open(qemu.stem + '.line.in', os.O_WRONLY | os.O_NONBLOCK)
    try:
        os.write(line, letter.encode())
    finally:
        os.close(line)
