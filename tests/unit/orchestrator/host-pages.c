/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of this process itself, looked at from outside. */
#include "tests/lib/check.h"

#include <sys/mman.h>
#include <unistd.h>

#include "orchestrator/host-pages.h"

#define PAGE    4096u
#define N_PAGES 3001u /* a size that no other mapping has */
#define BYTES   ((size_t)N_PAGES * PAGE)

/* Between two pages that nobody may touch, so that it stays a mapping of its
 * own, as QEMU's is. */
static char *map(void)
{
    char *memory = mmap(NULL, BYTES + 2 * PAGE, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + PAGE, BYTES, PROT_READ | PROT_WRITE), 0);
    return memory + PAGE;
}

static void write_pages(char *memory, unsigned n, char value)
{
    for (unsigned i = 0; i < n; i++) {
        memory[(size_t)i * PAGE + 4000] = value;
    }
}

static void what_changes_is_counted_once(void **state)
{
    const uint64_t size = BYTES;
    const char *why = NULL;
    char *memory = map();
    HostPagesFound found;

    write_pages(memory, 1000, 1);
    g_autoptr(HostPages) pages = host_pages_new(getpid(), &size, 1, &why);
    if (!pages) {
        munmap(memory - PAGE, BYTES + 2 * PAGE);
        skip(); /* this host lets nobody look */
    }
    assert_true(host_pages_look(pages, &found));
    assert_true(found.all_bytes == BYTES);
    assert_true(found.nonzero_bytes == 1000.0 * PAGE);
    assert_true(found.dirty_bytes == 0);

    write_pages(memory, 10, 2);
    assert_true(host_pages_look(pages, &found));
    assert_true(found.dirty_bytes == 10.0 * PAGE);
    write_pages(memory, 10, 1); /* as it was: it was dirtied all the same */
    write_pages(memory + 2000 * (size_t)PAGE, 5, 1);
    assert_true(host_pages_look(pages, &found));
    assert_true(found.dirty_bytes == 15.0 * PAGE);
    assert_true(found.nonzero_bytes == 1005.0 * PAGE);

    munmap(memory - PAGE, BYTES + 2 * PAGE);
    assert_false(host_pages_look(pages, &found));
}

static void a_size_that_is_not_there_is_not_found(void **state)
{
    const uint64_t sizes[] = { BYTES + 7 * PAGE, BYTES };
    const char *why = NULL;
    assert_null(host_pages_new(getpid(), sizes, 1, &why));
    check_contains(why, "not found");
    assert_null(host_pages_new(getpid(), sizes, 2, &why));
    assert_null(host_pages_new(0, sizes, 1, &why));
    check_contains(why, "not known");
    assert_null(host_pages_new(getpid(), sizes, 0, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_is_counted_once),
        cmocka_unit_test(a_size_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
