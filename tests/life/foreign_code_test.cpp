// procpool_test: TIMEOUT 60
// A function of a module that workers do not have is refused wherever it hides, and never jumped
// to.

#include <functional>
#include <string>
#include <vector>

#include <dlfcn.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/init.hpp>
#include <procpool/pool.hpp>

namespace mp = procpool;
using namespace std::string_literals;

namespace {

using Opened = unsigned long (*)();

unsigned long own() { return 7; }
unsigned long call(int /*item*/, Opened f) { return f(); }
unsigned long call_after(int /*item*/, const std::string& /*text*/, Opened f) { return f(); }
void run(Opened f) { f(); }
void run_after(const std::string& /*text*/, Opened f) { f(); }

/// A library that is opened after init().
class Library {
public:
    Library() : library_(::dlopen("libz.so.1", RTLD_NOW)) {}
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library() { ::dlclose(library_); }
    [[nodiscard]] Opened function() const {
        return reinterpret_cast<Opened>(::dlsym(library_, "zlibCompileFlags"));
    }

private:
    void* library_;
};

/// Workers that cannot have it.
class ForeignCode : public testing::TestWithParam<mp::Start> {
protected:
    [[nodiscard]] static mp::PoolOptions options() { return {.processes = 1, .start = GetParam()}; }
    template <class F>
    static void expect_refused_as_initializer(const F& f) {
        mp::PoolOptions with = options();
        with.initializer = f;
        EXPECT_THROW(mp::Pool{with}, mp::NotShippable);
    }
    template <class F>
    static void expect_accepted_as_initializer(const F& f) {
        mp::PoolOptions with = options();
        with.initializer = f;
        mp::Pool pool{with};
        EXPECT_EQ(pool.apply(own), 7U);
    }
    const Library library_;
};
INSTANTIATE_TEST_SUITE_P(EveryStart, ForeignCode,
                         testing::Values(mp::Start::forkserver, mp::Start::spawn),
                         [](const auto& test) {
                             return std::string(test.param == mp::Start::spawn ? "Spawn"
                                                                               : "Forkserver");
                         });

TEST_P(ForeignCode, AsTheInitializerIsRefused) {
    expect_refused_as_initializer([f = library_.function()] { f(); });
    expect_refused_as_initializer(mp::bind_back(run, library_.function()));
    expect_refused_as_initializer(mp::bind_back(run_after, "abc"s, library_.function()));
}

TEST_P(ForeignCode, BehindATextOfAnyLengthIsRefused) {
    mp::Pool pool{options()};
    for (std::size_t length = 0; length < 16; ++length) {
        const std::string text(length, 'x');
        EXPECT_THROW(pool.apply(mp::bind_back(call_after, text, library_.function()), 1),
                     mp::NotShippable)
            << length;
        EXPECT_EQ(pool.apply(mp::bind_back(call_after, text, own), 1), 7U) << length;
    }
}

TEST_P(ForeignCode, InABindInABindIsRefused) {
    mp::Pool pool{options()};
    const auto inner = mp::bind_back(call_after, "abc"s, library_.function());
    const auto outer = mp::bind_back([](int i, const auto& f) { return f(i); }, inner);
    EXPECT_THROW(pool.apply(outer, 1), mp::NotShippable);
}

TEST_P(ForeignCode, OfTheProgramItselfIsWelcome) {
    expect_accepted_as_initializer([] {});
    expect_accepted_as_initializer(mp::bind_back(run, own));
    expect_accepted_as_initializer(mp::bind_back(run_after, "abc"s, own));
    mp::Pool pool{options()};
    EXPECT_EQ(pool.apply(mp::bind_back(call, own), 1), 7U);
    const auto scaled = [k = 2UL](int i, Opened f) { return k * call(i, f); };
    EXPECT_EQ(pool.apply(mp::bind_back(scaled, own), 1), 14U);
}

TEST_P(ForeignCode, TextsThatLookLikeAddressesAreWelcome) {
    mp::Pool pool{options()};
    const auto address = reinterpret_cast<std::uintptr_t>(library_.function());
    const std::string text(reinterpret_cast<const char*>(&address), sizeof address);
    const auto size = [](int /*item*/, const std::string& s) { return s.size(); };
    EXPECT_EQ(pool.apply(mp::bind_back(size, text), 1), sizeof address);
}

TEST(ForeignCodeInSpawnedWorkers, ACapturedFunctionBehindATextIsRefused) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::spawn}};
    const auto holder = [f = &own] { return f(); };
    const auto with_text = [](int /*item*/, const std::string& /*text*/, const auto& f) {
        return f();
    };
    EXPECT_THROW(pool.apply(mp::bind_back(with_text, "abc"s, holder), 1), mp::NotShippable);
}

TEST(ForeignCodeInForkedWorkers, WhatWasOpenedBeforeThePoolIsWelcome) {
    const Library library;
    mp::Pool pool{{.processes = 1,
                   .start = mp::Start::fork,
                   .initializer = mp::bind_back(run_after, "abc"s, library.function())}};
    EXPECT_EQ(pool.apply(mp::bind_back(call_after, "abc"s, library.function()), 1),
              library.function()());
}

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
