#include "memory/region.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/text.hpp"

namespace procpool::memory {
namespace {

using support::starts_with;

constexpr std::size_t page = os::page_size;
constexpr std::size_t mib = std::size_t{1} << 20U;

bool all_zero(const std::byte* data, std::size_t size) {
    return std::all_of(data, data + size, [](std::byte byte) { return byte == std::byte{0}; });
}

TEST(Region, IsOnePerProcess) {
    Region& region = Region::current();
    EXPECT_EQ(&region, &Region::current());
    EXPECT_TRUE(region.belongs_to_this_process());
    EXPECT_GE(region.size(), 16 * mib);
}

TEST(Region, GivesPagesThatAreItsOwnAndNoOnesElse) {
    Region& region = Region::current();
    std::set<std::byte*> seen;
    std::vector<std::pair<std::byte*, std::size_t>> blocks;
    for (const std::size_t bytes : {std::size_t{1}, page - 1, page, page + 1, 10 * page, mib}) {
        std::byte* const block = region.allocate(bytes);
        blocks.emplace_back(block, bytes);
        EXPECT_TRUE(region.contains(block, bytes));
        EXPECT_EQ((block - region.base()) % static_cast<std::ptrdiff_t>(page), 0);
        std::memset(block, 1, bytes);
        for (std::size_t at = 0; at < bytes; at += page) {
            EXPECT_TRUE(seen.insert(block + at).second) << "handed out twice";
        }
        EXPECT_GE(block, region.common_page() + page);
    }
    for (const auto& [block, bytes] : blocks) {
        region.release(block, bytes);
    }
}

TEST(Region, HandsAWarmBlockOutAgain) {
    Region& region = Region::current();
    std::byte* const first = region.allocate(5 * page);
    std::memset(first, 7, 5 * page);
    region.release(first, 5 * page);
    std::byte* const again = region.allocate(5 * page);
    EXPECT_EQ(again, first);
    EXPECT_EQ(again[0], std::byte{7}) << "as it was left: nothing was cleared";
    region.release(again, 5 * page);
}

TEST(Region, GivesOldWarmBlocksBackToTheSystem) {
    Region& region = Region::current();
    std::byte* const old = region.allocate(3 * page);
    std::memset(old, 7, 3 * page);
    region.release(old, 3 * page);
    // More than are kept warm.
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 100; ++i) {
        blocks.push_back(region.allocate(2 * page));
    }
    for (std::byte* block : blocks) {
        region.release(block, 2 * page);
    }
    std::byte* const fresh = region.allocate(3 * page);
    EXPECT_TRUE(fresh != old || all_zero(fresh, 3 * page));
    region.release(fresh, 3 * page);
}

TEST(Region, ReservationsAreZeroAgain) {
    Region& region = Region::current();
    for (int round = 0; round < 3; ++round) {
        std::byte* const place = region.reserve(mib);
        EXPECT_TRUE(all_zero(place, mib));
        std::memset(place, 7, mib);
        region.unreserve(place, mib);
    }
}

TEST(Region, ThrowsBadAllocWhenExhaustedAndGoesOn) {
    Region& region = Region::current();
    EXPECT_THROW((void)region.allocate(~std::size_t{0}), std::bad_alloc);
    EXPECT_THROW((void)region.allocate(region.size()), std::bad_alloc);
    EXPECT_THROW((void)region.reserve(2 * region.size()), std::bad_alloc);
    try {
        (void)region.allocate(region.size());
    } catch (const std::bad_alloc& error) {
        EXPECT_TRUE(starts_with(error.what(), "procpool: the shared memory is used up"));
    }
    // Untouched blocks cost no memory: all of its share can be handed out.
    std::vector<std::byte*> blocks;
    const std::size_t size = std::size_t{1} << 30U;
    try {
        for (;;) {
            blocks.push_back(region.allocate(size));
        }
    } catch (const std::bad_alloc&) {
        EXPECT_LE(blocks.size() * size, os::physical_memory() / 2);
    }
    for (std::byte* block : blocks) {
        region.release(block, size);
    }
    std::byte* const after = region.allocate(size);
    region.release(after, size);
}

TEST(Region, KeepsItsBooksOverManySizes) {
    Region& region = Region::current();
    std::vector<std::pair<std::byte*, std::size_t>> held;
    std::uint64_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const std::size_t choice = state >> 33U;
        if (held.size() > 40 || (choice % 2 == 0 && !held.empty())) {
            std::swap(held[choice / 2 % held.size()], held.back());
            const auto [block, bytes] = held.back();
            held.pop_back();
            // Nobody else wrote here.
            EXPECT_EQ(block[0], static_cast<std::byte>(bytes % 251));
            EXPECT_EQ(block[bytes - 1], static_cast<std::byte>(bytes % 251));
            region.release(block, bytes);
        } else {
            const std::size_t bytes = 1 + choice % (64 * page);
            std::byte* const block = region.allocate(bytes);
            block[0] = block[bytes - 1] = static_cast<std::byte>(bytes % 251);
            held.emplace_back(block, bytes);
        }
    }
    for (const auto& [block, bytes] : held) {
        region.release(block, bytes);
    }
}

TEST(Region, ServesAnyThread) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            Region& region = Region::current();
            for (int i = 0; i < 2000; ++i) {
                const std::size_t bytes = (1 + static_cast<std::size_t>(i % 5)) * page;
                std::byte* const block = region.allocate(bytes);
                std::memset(block, t, bytes);
                EXPECT_EQ(block[bytes / 2], static_cast<std::byte>(t));
                region.release(block, bytes);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

/// What `body` returns in a forked child.
int in_child(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            ::_exit(body());
        } catch (...) {
            ::_exit(100);
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Region, IsAnotherOneInAForkedChild) {
    static Region* parents = nullptr;
    parents = &Region::current();
    EXPECT_EQ(in_child([] {
                  const bool another = &Region::current() != parents;
                  const bool foreign = !parents->belongs_to_this_process();
                  std::byte* const block = Region::current().allocate(page);
                  block[0] = std::byte{1};
                  return another && foreign ? 0 : 1;
              }),
              0);
}

TEST(Region, IsSmallerUnderALimitOfTheAddressSpace) {
    EXPECT_EQ(in_child([] {
                  // Beside what is mapped already.
                  std::size_t pages = 0;
                  std::ifstream("/proc/self/statm") >> pages;
                  const std::size_t size = std::size_t{8} << 30U;
                  const rlimit limit{pages * page + size, pages * page + size};
                  if (::setrlimit(RLIMIT_AS, &limit) != 0) {
                      return 2;
                  }
                  Region& region = Region::current();
                  // The rest is the program's and its workers'.
                  return region.size() <= size / 2 && region.size() >= 16 * mib ? 0 : 1;
              }),
              0);
}

TEST(Region, NamesTheLimitWhenASmallOneIsUsedUp) {
    EXPECT_EQ(in_child([] {
                  const std::size_t size = 100 * mib;
                  const rlimit limit{size, size};
                  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
                      return 2;
                  }
                  try {
                      for (;;) {
                          static_cast<void>(Region::current().reserve(10 * mib));
                      }
                  } catch (const std::bad_alloc& error) {
                      return std::string(error.what()).find("ulimit -f") != std::string::npos ? 0
                                                                                              : 1;
                  }
              }),
              0);
}

TEST(Region, IsSmallerUnderALimitOfTheFileSize) {
    EXPECT_EQ(in_child([] {
                  const std::size_t size = 100 * mib;
                  const rlimit limit{size, size};
                  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
                      return 2;
                  }
                  return Region::current().size() <= size ? 0 : 1;
              }),
              0);
}

TEST(Region, ThrowsBadAllocWhereNotEvenASmallOneFits) {
    EXPECT_EQ(in_child([] {
                  const rlimit limit{mib, mib};
                  if (::setrlimit(RLIMIT_AS, &limit) != 0) {
                      return 2;
                  }
                  try {
                      Region::current();
                  } catch (const std::bad_alloc&) {
                      return 0;
                  }
                  return 1;
              }),
              0);
}

}  // namespace
}  // namespace procpool::memory
