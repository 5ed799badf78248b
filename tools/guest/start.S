/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way from QEMU's PVH entry (32 bit, no paging, EBX = struct
 * hvm_start_info) and from a start-up IPI (16 bit) to 64-bit C, and the way
 * from an interrupt to C and back.  All of it runs identity mapped.
 */
#include "tools/guest/layout.h"

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18 /* name and value sizes, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad start32

    .data
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* 0x08: 32-bit code */
    .quad 0x00cf93000000ffff /* 0x10: data */
    .quad 0x00af9b000000ffff /* 0x18: 64-bit code */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt

/*
 * The first 4 GiB by 2 MiB pages; memory.c adds what is above.  The last 512
 * MiB hold no RAM on any machine type, but the local APIC: not cached.
 */
    .balign 4096
    .global boot_pml4
boot_pml4:
    .quad boot_pdpt + 3
    .fill 511, 8, 0
boot_pdpt:
    .quad boot_pd + 3, boot_pd + 0x1003, boot_pd + 0x2003, boot_pd + 0x3003
    .fill 508, 8, 0
boot_pd:
    .set megabytes, 0
    .rept 1792
    .quad (megabytes << 20) | 0x83
    .set megabytes, megabytes + 2
    .endr
    .rept 256
    .quad (megabytes << 20) | 0x9b
    .set megabytes, megabytes + 2
    .endr

    .bss
    .balign 16
    .fill STACK_BYTES
boot_stack_end:

    .text
    .code32
    .global start32
start32:
    cli
    cld
    mov %ebx, %esi
    lgdt gdt_pointer
    ljmp $0x08, $1f
1:
    mov $start64, %ebp
    jmp long_mode

resume32:
    mov $resume64, %ebp
    jmp long_mode

ap_start32:
    mov $ap_start64, %ebp
/* Falls through: switches to 64 bit and goes on at EBP; ESI is kept. */
long_mode:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %cr4, %eax
    or $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT: writer.c counts in XMM15 */
    mov %eax, %cr4
    mov $boot_pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    bts $8, %eax /* EFER.LME */
    wrmsr
    mov %cr0, %eax
    and $0x9ffffff3, %eax /* not CD, NW, TS, EM */
    or $0x80010003, %eax  /* PG, WP, MP, PE */
    mov %eax, %cr0
    ljmp $0x18, $1f

    .code64
1:
    jmp *%rbp

start64:
    mov $boot_stack_end, %esp
    mov %esi, %edi
    xor %ebp, %ebp
    call guest_main
    ud2

/* Each CPU draws its number, and with it its stack. */
ap_start64:
    mov $1, %edi
    lock xadd %edi, smp_started
    lea 1(%rdi), %eax
    imul $STACK_BYTES, %eax
    mov smp_stacks, %rsp
    add %rax, %rsp
    xor %ebp, %ebp
    call guest_ap_main
    ud2

/*
 * Copied to TRAMPOLINE, where a start-up IPI begins in real mode, and the firmware
 * when it wakes the boot vCPU from S3.
 */
    .macro from_real_mode name, target
    .section .rodata
    .code16
    .global \name, \name\()_end
\name:
    cli
    lgdtl %cs:(\name\()_gdt_pointer - \name)
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $0x08, $\target
\name\()_gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
\name\()_end:
    .endm

    from_real_mode trampoline, ap_start32
    from_real_mode resume_trampoline, resume32

/*
 * void suspend_enter(uint16_t port, uint16_t value): what a call keeps, and what
 * the compiler does not know of, waits on the stack.  QEMU loads -kernel anew with
 * every reset, that of a wake-up too, so all data wait in a copy; SLEEP_NOTE has
 * the copy's place, theirs, and how many bytes they are.
 */
    .text
    .code64
    .global suspend_enter
suspend_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $16, %rsp
    movdqu %xmm15, (%rsp)
    mov %rsp, resume_stack
    mov %edi, %edx
    mov %esi, %eax
    mov SLEEP_NOTE, %rdi
    mov SLEEP_NOTE + 8, %rsi
    mov SLEEP_NOTE + 16, %rcx
    rep movsb
    outw %ax, %dx
1:
    hlt /* until it is asleep; interrupts are off */
    jmp 1b

resume64:
    mov SLEEP_NOTE, %rsi
    mov SLEEP_NOTE + 8, %rdi
    mov SLEEP_NOTE + 16, %rcx
    rep movsb
    mov %cr3, %rax /* the page tables are among them */
    mov %rax, %cr3
    mov resume_stack, %rsp
    movdqu (%rsp), %xmm15
    add $16, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .bss
    .balign 8
resume_stack:
    .quad 0

/* One stub of 16 bytes per vector; interrupt.c fills the IDT from them. */
    .set ERROR_CODES, 0x227d00 /* the CPU pushes one for these vectors */
    .text
    .code64
    .balign 16
    .global interrupt_stubs
interrupt_stubs:
    .set vector, 0
    .rept VECTORS
    .balign 16
    mov $vector, %edi
    .if (1 << vector) & ERROR_CODES
    mov 8(%rsp), %rsi /* RIP */
    .else
    mov (%rsp), %rsi
    .endif
    jmp interrupt_common
    .set vector, vector + 1
    .endr

/*
 * An interrupt comes only where interrupts_take() and interrupts_wait() let it,
 * with their stack in RBX; it ends as if they returned.  What the CPU pushed is
 * never read again: QEMU can stop a vCPU just after that push, for as long as
 * the rest of a migration takes, and 7.2 can lose it then.  An exception comes
 * from anywhere and does not end.
 */
interrupt_common:
    cmpb $0, memory_flushes_tlb
    je 1f
    mov %cr3, %rax /* as memory_before_write(), for what every tick writes */
    mov %rax, %cr3
1:
    cld
    cmp $VECTOR_TICK, %edi
    jb 2f
    mov %rbx, %rsp
    call interrupt_handle
    jmp interrupt_over
2:
    and $-16, %rsp
    call interrupt_panic
    ud2

    .global interrupts_wait
interrupts_wait:
    push %rbx
    mov %rsp, %rbx
    sti
    hlt /* not before it is an interrupt taken, and none is slept through */
    cli
    pop %rbx
    ret

    .global interrupts_take
interrupts_take:
    push %rbx
    mov %rsp, %rbx
    sti
    nop /* behind it an interrupt is taken */
    cli
    pop %rbx
    ret

    .global interrupt_ignore
interrupt_ignore:
    mov %rbx, %rsp
interrupt_over:
    pop %rbx
    ret

    .section .note.GNU-stack, "", @progbits
