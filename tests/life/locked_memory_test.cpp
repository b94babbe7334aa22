// A program that locks its memory (mlockall) locks none of what the pool only reserves.

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"

namespace {

constexpr std::size_t most = std::size_t{4} << 30U;

/// Pages that were locked anyway would not be more than this.
void bound_address_space() {
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = std::min<rlim_t>(most, limit.rlim_max);
    ::setrlimit(RLIMIT_AS, &limit);
}

std::size_t resident_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) << 10U;
}

TEST(LockedMemory, IsNotThatOfThePool) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers reserve memory of their own";
    }
    constexpr int forbidden = 77;
    const int status = support::status_of_child([] {
        bound_address_space();
        rlimit limit{};
        ::getrlimit(RLIMIT_MEMLOCK, &limit);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_MEMLOCK, &limit);
        if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
            std::_Exit(forbidden);
        }
        // Whoever has the right to lock more than a limit is bound by none of it.
        if (void* const page = ::mmap(nullptr, std::size_t{256} << 20U, PROT_NONE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            page == MAP_FAILED) {
            std::_Exit(forbidden);
        } else {
            ::munmap(page, std::size_t{256} << 20U);
        }
        const std::size_t before = resident_bytes();
        procpool::Pool pool{2};
        const std::vector<int> numbers = support::numbers(1000);
        const auto doubled = pool.map([](int x) { return 2 * x; }, numbers);
        return doubled.back() == 1998 && resident_bytes() - before < std::size_t{64} << 20U;
    });
    if (WIFEXITED(status) && WEXITSTATUS(status) == forbidden) {
        GTEST_SKIP() << "this process may not lock its memory";
    }
    EXPECT_EQ(status, 0);
}

}  // namespace
