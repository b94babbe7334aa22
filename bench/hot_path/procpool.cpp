#include <atomic>
#include <cerrno>
#include <cstddef>

#include <procpool/pool.hpp>

#include "../children.hpp"
#include "../items.hpp"
#include "../measure.hpp"

// Maps 100,000 trivial items `variant` times on a warm pool, for tools that count what that costs:
// count.py, strace, perf, callgrind. The program counts allocations itself, in the client and in
// all its children.

namespace {

struct Counts {
    std::atomic<long> client{0};
    std::atomic<long> children{0};
};

Counts* counts = nullptr;
const char* in_client = nullptr;  // points to 1 in the client, to 0 in everything forked from it

void count_allocation() {
    if (counts == nullptr) {
        return;
    }
    (*in_client == 1 ? counts->client : counts->children).fetch_add(1, std::memory_order_relaxed);
}

/// A page that reads as zeros in every process forked from this one.
char* page_wiped_on_fork() {
    constexpr std::size_t size = 4096;
    void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || ::madvise(page, size, MADV_WIPEONFORK) != 0) {
        throw std::system_error(errno, std::generic_category(), "a page that is wiped on fork");
    }
    return static_cast<char*>(page);
}

}  // namespace

// glibc's own names for the functions that those below replace.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    count_allocation();
    return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
    count_allocation();
    return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
    count_allocation();
    return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}
}

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.variant = "100"});
    const bench::Shared<Counts> shared;
    char* const page = page_wiped_on_fork();
    *page = 1;
    in_client = page;
    counts = &*shared;

    const auto data = bench::numbers(100'000);
    procpool::Pool pool{2};
    const auto map = [&] {
        bench::keep(pool.map([](double x) { return bench::square(x); }, data));
    };
    for (int i = 0; i < 10; ++i) {
        map();
    }
    const long client_before = counts->client;
    const long children_before = counts->children;
    for (int i = 0; i < bench::number(plan.variant); ++i) {
        map();
    }
    std::printf("{\"client_allocations\": %ld, \"worker_allocations\": %ld}\n",
                counts->client - client_before, counts->children - children_before);
}
