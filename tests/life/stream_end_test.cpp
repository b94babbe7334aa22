// procpool_test: TIMEOUT 120
// A stream that is not read to its end is harmless, whatever ends first, and on whichever thread.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

/// What an item takes: nothing, or a while.
using Task = int (*)(int);
int quick(int x) { return x; }
int slow(int x) {
    if (x > 0) {
        ::usleep(1'000);
    }
    return x;
}

/// A pool and a stream of it that was begun; each may be ended.
struct Scene {
    std::optional<mp::Pool> pool;
    std::optional<mp::Stream<int>> stream;
};

struct End {
    const char* name;
    std::function<void(Scene&)> act;
};

void read_some(Scene& scene) {
    for (int i = 0; i < 3 && scene.stream; ++i) {
        static_cast<void>(scene.stream->next());
    }
}
void abandon(Scene& scene) { scene.stream.reset(); }
void close_and_join(Scene& scene) {
    scene.pool->close();
    scene.pool->join();
}
void terminate(Scene& scene) { scene.pool->terminate(); }
void destroy(Scene& scene) { scene.pool.reset(); }
void on_another_thread(Scene& scene, void (*act)(Scene&)) {
    std::jthread([&] { act(scene); }).join();
}
void begin_to_read(std::atomic<bool>& reads) {
    reads = true;
    reads.notify_one();
}
void read_on(Scene& scene) {
    try {
        for (int i = 0; i < 100; ++i) {
            static_cast<void>(scene.stream->next());
        }
    } catch (const std::runtime_error&) {
        // PoolTerminated, PoolClosed
    }
}

const std::vector<End>& ends() {
    static const std::vector<End> all{
        {"stream, then pool",
         [](Scene& s) {
             abandon(s);
             destroy(s);
         }},
        {"pool, then stream",
         [](Scene& s) {
             destroy(s);
             abandon(s);
         }},
        {"pool, then read on",
         [](Scene& s) {
             destroy(s);
             read_on(s);
             abandon(s);
         }},
        {"join, then stream",
         [](Scene& s) {
             close_and_join(s);
             abandon(s);
             destroy(s);
         }},
        {"stream, then join",
         [](Scene& s) {
             abandon(s);
             close_and_join(s);
         }},
        {"join, then read on",
         [](Scene& s) {
             close_and_join(s);
             read_on(s);
             abandon(s);
         }},
        {"close, read on, join",
         [](Scene& s) {
             s.pool->close();
             read_on(s);
             s.pool->join();
         }},
        {"terminate, then stream",
         [](Scene& s) {
             terminate(s);
             abandon(s);
         }},
        {"terminate, then read on",
         [](Scene& s) {
             terminate(s);
             read_on(s);
         }},
        {"stream, then terminate",
         [](Scene& s) {
             abandon(s);
             terminate(s);
         }},
        {"twice ended",
         [](Scene& s) {
             close_and_join(s);
             terminate(s);
             close_and_join(s);
         }},
        {"exception in the loop",
         [](Scene& s) {
             try {
                 for (mp::Stream<int> mine = std::move(*s.stream); int x : mine) {
                     if (x >= 3) {
                         throw std::logic_error("enough");
                     }
                 }
             } catch (const std::logic_error&) {
                 close_and_join(s);
             }
         }},
        {"stream on another thread", [](Scene& s) { on_another_thread(s, abandon); }},
        {"read on another thread", [](Scene& s) { on_another_thread(s, read_some); }},
        {"join on another thread", [](Scene& s) { on_another_thread(s, close_and_join); }},
        {"pool on another thread",
         [](Scene& s) {
             on_another_thread(s, destroy);
             read_on(s);
         }},
        {"terminate while it is read",
         [](Scene& s) {
             std::atomic<bool> reads{false};
             const std::jthread other([&] {
                 reads.wait(false);
                 terminate(s);
             });
             for (;;) {
                 try {
                     begin_to_read(reads);
                     if (!s.stream->next()) {
                         break;
                     }
                 } catch (const mp::PoolTerminated&) {
                     continue;
                 }
             }
         }},
        {"join while it is read",
         [](Scene& s) {
             std::atomic<bool> reads{false};
             const std::jthread other([&] {
                 reads.wait(false);
                 close_and_join(s);
             });
             begin_to_read(reads);
             EXPECT_THROW(while (s.stream->next()){}, mp::PoolClosed);
         }},
        {"moved into another",
         [](Scene& s) {
             auto other = std::move(*s.stream);
             other.next();
         }},
        {"overwritten", [](Scene& s) { *s.stream = s.pool->imap(quick, std::views::iota(7)); }},
        {"forked",
         [](Scene& s) {
             const int status = support::status_of_child([&] {
                 try {
                     for (int i = 0; i < 5000; ++i) {
                         static_cast<void>(s.stream->next());
                     }
                 } catch (const std::logic_error&) {
                     s.stream.reset();
                     return true;
                 }
                 return false;
             });
             EXPECT_EQ(status, 0);
             read_on(s);
         }},
    };
    return all;
}

struct How {
    const char* name;
    Task task;
    std::size_t buffer;
    int read;  // elements before the end
};

class StreamEnd : public testing::TestWithParam<How> {};

TEST_P(StreamEnd, IsHarmlessInEveryOrder) {
    const How& how = GetParam();
    const std::vector<pid_t> before = support::own_children();
    for (const End& end : ends()) {
        for (const bool ordered : {true, false}) {
            SCOPED_TRACE(end.name);
            const auto start = support::Clock::now();
            Scene scene;
            scene.pool.emplace(2);
            const mp::MapOptions options{.buffer = how.buffer};
            scene.stream.emplace(
                ordered ? scene.pool->imap(how.task, std::views::iota(0), options)
                        : scene.pool->imap_unordered(how.task, std::views::iota(0), options));
            for (int i = 0; i < how.read; ++i) {
                ASSERT_TRUE(scene.stream->next());
            }
            end.act(scene);
            EXPECT_LT(support::Clock::now() - start, support::patience);
        }
    }
    EXPECT_EQ(support::own_children(), before);
}

INSTANTIATE_TEST_SUITE_P(Of, StreamEnd,
                         testing::Values(How{"NothingRead", quick, 0, 0},
                                         How{"HalfRead", quick, 0, 5}, How{"SlowItems", slow, 0, 2},
                                         How{"ManyAhead", quick, 1000, 5}),
                         [](const auto& of) { return of.param.name; });

TEST(StreamEnd, NeverWaitsForWhatRuns) {
    mp::Pool pool{1};
    const auto start = support::Clock::now();
    {
        auto stream = pool.imap([](int x) { return ::sleep(60), x; }, std::views::iota(0));
        EXPECT_THROW(static_cast<void>(stream.next(1ms)), mp::TimeoutError);
    }
    EXPECT_LT(support::Clock::now() - start, 30s);
}

TEST(StreamEnd, LeavesThePoolToOthers) {
    mp::Pool pool{2};
    for (int i = 0; i < 200; ++i) {
        auto stream = pool.imap(quick, std::views::iota(i));
        EXPECT_EQ(stream.next(), i);
        EXPECT_EQ(pool.apply(quick, 7), 7);
    }
}

}  // namespace
