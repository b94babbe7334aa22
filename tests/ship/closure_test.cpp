#include <array>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/errors.hpp>
#include <procpool/pool.hpp>

#include "support/lists.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using support::listed;

namespace {

const std::vector<int> items{1, 2, 3};
int global = 5;
const char* const words = "read-only";

TEST(Closure, ThatCapturesByReferenceIsRefused) {
    mp::Pool pool{1};
    int local = 3;
    const auto add = [&local](int x) { return x + local; };
    try {
        pool.map(add, items);
        FAIL();
    } catch (const mp::NotShippable& error) {
        EXPECT_TRUE(contains(error.what(), {"bind_back", "fork_map"}));
    }
    EXPECT_THROW(static_cast<void>(pool.submit(add, 1)), mp::NotShippable);
    EXPECT_THROW(static_cast<void>(pool.map_async(add, items)), mp::NotShippable);
    EXPECT_THROW(pool.try_map(add, items), mp::NotShippable);
    EXPECT_THROW(pool.for_each(add, items), mp::NotShippable);
}

TEST(Closure, ThatCapturesAPointerToTheHeapIsRefused) {
    mp::Pool pool{1};
    const auto number = std::make_unique<int>(3);
    EXPECT_THROW(pool.map([p = number.get()](int x) { return x + *p; }, items), mp::NotShippable);
}

TEST(Closure, ThatCapturesAPointerToAVariableIsRefused) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.map([p = &global](int x) { return x + *p; }, items), mp::NotShippable);
}

TEST(Closure, ThatBindsOneThatIsRefusedIsRefused) {
    mp::Pool pool{1};
    int local = 3;
    const auto add = [&local](int x, const std::string&) { return x + local; };
    EXPECT_THROW(pool.map(mp::bind_back(add, std::string("s")), items), mp::NotShippable);
    const auto call = [](int x, auto f) { return f(x); };
    const auto add_pointee = [p = &local](int x) { return x + *p; };
    EXPECT_THROW(pool.map(mp::bind_back(call, add_pointee), items), mp::NotShippable);
}

TEST(Closure, ThatIsRefusedIsRefusedBeforeItsRangeIsRead) {
    mp::Pool pool{1};
    int reads = 0;
    struct Counting {
        int* reads;
        const int* begin() const {
            ++*reads;
            return items.data();
        }
        const int* end() const { return items.data() + items.size(); }
    };
    EXPECT_THROW(pool.map([&reads](int x) { return x + reads; }, Counting{&reads}),
                 mp::NotShippable);
    EXPECT_EQ(reads, 0);
}

struct OnlyMoves {
    explicit OnlyMoves(int n) : number(n) {}
    OnlyMoves(const OnlyMoves&) = delete;
    OnlyMoves(OnlyMoves&&) = default;
    OnlyMoves& operator=(const OnlyMoves&) = delete;
    OnlyMoves& operator=(OnlyMoves&&) = default;
    ~OnlyMoves() = default;
    int operator()(int x) const { return x + number; }
    double before_the_padding = 0;
    int number;
};

TEST(Closure, NeedNotBeCopyableByItsConstructor) {
    mp::Pool pool{1};
    const OnlyMoves closure(4);
    EXPECT_EQ(pool.apply(closure, 1), 5);
}

struct LargeOffset {
    std::optional<int> offset;
    std::array<int, 100> more{};
    int operator()(int x) const { return x + offset.value_or(0) + more[99]; }
};

TEST(Closure, ThatIsLargeIsReadAsItWasWritten) {
    mp::Pool pool{1};
    LargeOffset add{.offset = 3};
    add.more[99] = 10;
    EXPECT_EQ(pool.apply(add, 1), 14);
    EXPECT_EQ(pool.apply(mp::bind_back(add), 1), 14);
}

// g++ 12 no longer takes a lambda for trivially copyable once it was asked whether it can be
// assigned.
TEST(Closure, TravelsWhateverElseItWasUsedFor) {
    int offset = 5;
    double factor = 2;
    const auto work = [offset](int x) { return x + offset; };
    const auto padded = [factor, offset](int x) { return static_cast<int>(x * factor) + offset; };
    std::thread(work, 1).join();
    const std::optional kept{padded};
    static_assert(!std::is_copy_assignable_v<decltype(work)>);
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply(work, 1), 6);
    EXPECT_EQ(pool.apply(*kept, 1), 7);
    EXPECT_EQ(pool.apply(mp::bind_front(work), 1), 6);
    int here = 0;
    const auto refers = [&here](int x) { return here + x; };
    std::thread(refers, 1).join();
    EXPECT_THROW(pool.apply(refers, 1), mp::NotShippable);
}

TEST(Closure, MayPointToCodeAndToWhatIsReadOnly) {
    mp::Pool pool{1};
    const auto f = [text = words, g = static_cast<int (*)(int)>([](int x) { return x; })](int x) {
        return std::string(text) + std::to_string(g(x));
    };
    EXPECT_EQ(pool.map(f, std::vector<int>{1}), listed("read-only1"));
}

TEST(Closure, SeesGlobalsAsTheyWereWhenThePoolWasMade) {
    global = 7;
    mp::Pool pool{1};
    global = 8;
    EXPECT_EQ(pool.map([](int) { return global; }, std::vector<int>{1}), listed(7));
    global = 5;
}

TEST(Trust, LetsAClosureTravelAsItIs) {
    int inherited = 3;
    mp::Pool pool{1};
    inherited = 4;  // the worker has the stack of the moment when it was forked
    const auto read = [&inherited](int x) { return x + inherited; };
    EXPECT_EQ(pool.map(mp::trust(read), std::vector<int>{1}), listed(4));
    EXPECT_EQ(pool.map(mp::bind_back(mp::trust([&inherited](int x, const std::string& s) {
                                         return x + inherited + static_cast<int>(s.size());
                                     }),
                                     std::string("ab")),
                       std::vector<int>{1}),
              listed(6));
}

}  // namespace
