// Names of a stack where the process that reads debug information cannot be had.

#include <cerrno>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "os/fault.hpp"
#include "support/faults.hpp"
#include "support/text.hpp"

namespace {

namespace os = procpool::os;
using support::contains;

[[gnu::noinline]] int refuse_number(int number) {
    if (number >= 0) {
        throw std::out_of_range("no such number");
    }
    return number;
}

[[gnu::noinline]] int refuse_letter(int letter) {
    if (letter >= 0) {
        throw std::out_of_range("no such letter");
    }
    return letter;
}

TEST(Names, AreThoseOfSymbolsWhereNoProcessCanBeForked) {
    procpool::Pool pool{1};
    const auto outcome = pool.try_apply(refuse_number, 1);
    ASSERT_FALSE(outcome);
    os::fault_hook = [](os::Call call) {
        return call == os::Call::clone_process || call == os::Call::fork_process ? EAGAIN : 0;
    };
    const std::string message = outcome.error().message();
    os::fault_hook = nullptr;
    EXPECT_TRUE(contains(message, "refuse_number (test_life_naming_fault)"));
}

/// The next one would die there as well, perhaps after seconds.
TEST(Names, AreNotAskedOfAnotherProcessWhereOneDied) {
    procpool::Pool pool{1};
    const auto outcomes = pool.try_map([](int i) { return refuse_letter(i); }, {1, 2});
    os::fault_hook = [](os::Call call) { return call == os::Call::write ? EPIPE : 0; };
    EXPECT_TRUE(contains(outcomes.at(0).error().message(), "refuse_letter (test_life_naming_f"));
    static int forks;
    forks = 0;
    os::fault_hook = [](os::Call call) {
        forks += call == os::Call::clone_process || call == os::Call::fork_process ? 1 : 0;
        return 0;
    };
    EXPECT_TRUE(contains(outcomes.at(1).error().message(), "refuse_letter (test_life_naming_f"));
    os::fault_hook = nullptr;
    EXPECT_EQ(forks, 0);
}

TEST(Names, AreThoseOfSymbolsWhereNoPipeCanBeMade) {
    procpool::Pool pool{1};
    const auto outcome = pool.try_apply(refuse_number, 2);
    ASSERT_FALSE(outcome);
    os::fault_hook = [](os::Call call) { return call == os::Call::make_pipe ? EMFILE : 0; };
    const std::string message = outcome.error().message();
    os::fault_hook = nullptr;
    EXPECT_TRUE(contains(message, "refuse_number (test_life_naming_fault)"));
}

}  // namespace
