// procpool_test: TIMEOUT 60
// A worker that the kernel's memory killer takes, in a control group with little memory.

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "os/cgroup.hpp"
#include "support/child.hpp"
#include "support/sanitized.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;

namespace {

constexpr std::uint64_t bound = std::uint64_t{96} << 20U;

bool wrote(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
}

/// A group below that of this process, with no more memory than the bound; gone with it.
class SmallGroup {
public:
    SmallGroup() {
        const auto groups = mp::os::control_groups("", "memory");
        if (groups.empty()) {
            return;
        }
        path_ = groups.front().directory + "/procpool_test_" + std::to_string(::getpid());
        made_ = ::mkdir(path_.c_str(), 0755) == 0;
        is_small_ =
            made_ &&
            wrote(path_ + (groups.front().version_2 ? "/memory.max" : "/memory.limit_in_bytes"),
                  std::to_string(bound));
    }
    SmallGroup(const SmallGroup&) = delete;
    SmallGroup& operator=(const SmallGroup&) = delete;
    ~SmallGroup() {
        if (made_) {
            ::rmdir(path_.c_str());
        }
    }

    [[nodiscard]] bool is_small() const { return is_small_; }
    /// Puts this process there.
    [[nodiscard]] bool enter() const {
        return wrote(path_ + "/cgroup.procs", std::to_string(::getpid()));
    }

private:
    std::string path_;
    bool made_ = false;
    bool is_small_ = false;
};

int leak(int item) {
    while (item == 3) {
        constexpr std::size_t size = std::size_t{1} << 20U;
        std::memset(std::malloc(size), 1, size);
    }
    return item;
}

TEST(OutOfMemory, SaysHowMuchTheWorkerHeld) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer holds more memory than the group may";
    }
    const SmallGroup group;
    if (!group.is_small()) {
        GTEST_SKIP() << "no control group can be made here that bounds memory";
    }
    const int status = support::status_of_child([&] {
        if (!group.enter()) {
            return false;
        }
        mp::Pool pool{2};
        // A kill in the first moments of a pool is not explained.
        for (int tries = 0; tries < 1'000; ++tries) {
            const auto outcomes = pool.try_map(leak, {1, 2, 3, 4});
            EXPECT_EQ(outcomes.at(3).value(), 4);
            try {
                outcomes.at(2).rethrow();
            } catch (const mp::OutOfMemory& error) {
                EXPECT_EQ(error.index(), 2U);
                EXPECT_EQ(error.signal(), SIGKILL);
                EXPECT_GT(error.memory(), bound / 4);
                EXPECT_LE(error.memory(), 2 * bound);
                EXPECT_TRUE(contains(error.message(), "out-of-memory killer: it held "));
                EXPECT_TRUE(contains(error.message(), "and all may hold 96 MiB"));
                return !testing::Test::HasFailure();
            } catch (const mp::WorkerDied& error) {
                EXPECT_EQ(error.signal(), SIGKILL);
            }
        }
        return false;
    });
    EXPECT_EQ(status, 0);
}

/// It is nobody's memory that ended it.
TEST(OutOfMemory, IsNotTheCauseWhenSomebodyElseKills) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply([] { ::kill(::getpid(), SIGKILL); }), mp::WorkerDied);
    try {
        pool.apply([] { ::kill(::getpid(), SIGKILL); });
    } catch (const mp::OutOfMemory&) {
        ADD_FAILURE();
    } catch (const mp::WorkerDied&) {
        SUCCEED();
    }
}

}  // namespace
