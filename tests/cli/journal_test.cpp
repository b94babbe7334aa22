// procpool_test: NEEDS procpool_cli
// `procpool journal` from outside.

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "cli/command.hpp"
#include "support/files.hpp"
#include "support/json.hpp"
#include "support/numbers.hpp"
#include "support/text.hpp"

namespace {

using command::Ended;
using nlohmann::json;
using support::contains;
using support::numbers;

int twice(int x) { return 2 * x; }
int some_fail(int x) {
    if (x == 1) {
        throw std::out_of_range("no \"one\",\nplease");
    }
    if (x == 2) {
        std::raise(SIGKILL);
    }
    return x;
}

class JournalCommand : public testing::Test {
protected:
    [[nodiscard]] std::string file() const { return directory_.path() + "/run.journal"; }
    void write(int (*f)(int), int count) {
        procpool::Pool pool(2);
        for (const auto& outcome : pool.try_map(f, numbers(count), {.journal = {file()}})) {
            static_cast<void>(outcome.has_value());
        }
    }

    support::Directory directory_;
};

TEST_F(JournalCommand, SaysWhatIsDone) {
    write(twice, 1200);
    const Ended ended = command::run({"journal", file()});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains(ended.out, "results      int\n"));
    EXPECT_TRUE(contains(ended.out, "items        1,200 in the last call\n"));
    EXPECT_TRUE(contains(ended.out, "done         1,200\n"));
    EXPECT_TRUE(contains(ended.out, "missing      0\n"));
    EXPECT_TRUE(contains(ended.out, "records      1,201, all checksums hold\n"));
}

TEST_F(JournalCommand, SaysWhatFailedAndWhatIsInQuarantine) {
    write(some_fail, 4);
    const Ended ended = command::run({"journal", file()});
    EXPECT_EQ(ended.exit_code(), 1);
    EXPECT_TRUE(contains(ended.out, "failed       1\n"));
    EXPECT_TRUE(contains(ended.out, "quarantined  1\n"));
    EXPECT_TRUE(contains(ended.out, "\nfailed: item 1: worker "));
    EXPECT_TRUE(contains(ended.out, "\nquarantined: item 2: worker "));
    EXPECT_TRUE(contains(ended.out, "SIGKILL"));
}

TEST_F(JournalCommand, HasALineForEachItem) {
    write(some_fail, 4);
    const Ended ended = command::run({"journal", "--csv", file()});
    EXPECT_EQ(ended.exit_code(), 1);
    EXPECT_TRUE(support::starts_with(
        ended.out, "index,state,bytes,attempts,seconds,input_hash,message\n0,done,4,1,0."));
    EXPECT_TRUE(contains(ended.out, "\n1,failed,0,1,0."));
    EXPECT_TRUE(contains(ended.out, "no \"\"one\"\",?please"));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 5);
}

TEST_F(JournalCommand, SaysAllByName) {
    write(some_fail, 4);
    const json all = support::parse_json(command::run({"journal", file(), "--json"}).out);
    EXPECT_EQ(all.at("type"), "int");
    EXPECT_EQ(all.at("done"), 2);
    EXPECT_EQ(all.at("count"), 4);
    EXPECT_EQ(all.at("missing"), 0);
    EXPECT_EQ(all.at("items").at(2).at("state"), "quarantined");
    EXPECT_EQ(all.at("items").at(3).at("bytes"), 4);
    EXPECT_EQ(all.at("torn_bytes"), 0);
}

TEST_F(JournalCommand, FindsDamageAndTornEnds) {
    write(twice, 20);
    auto bytes = support::content_of(file());
    bytes[bytes.size() / 2] ^= 1;
    directory_.write("run.journal", bytes.substr(0, bytes.size() - 5));
    const Ended ended = command::run({"journal", file()});
    EXPECT_EQ(ended.exit_code(), 1);
    EXPECT_TRUE(contains(ended.out, "then 63 bytes of one that was never written whole"));
    EXPECT_TRUE(contains(ended.out, "damaged      68 bytes between records"));
    EXPECT_TRUE(contains(ended.out, "missing      2\n"));
}

TEST_F(JournalCommand, RefusesWhatIsNone) {
    const Ended other = command::run({"journal", directory_.write("text", "hello")});
    EXPECT_EQ(other.exit_code(), 2);
    EXPECT_TRUE(contains(other.err, "is no journal"));
    const Ended none = command::run({"journal", "/nowhere/run.journal"});
    EXPECT_EQ(none.exit_code(), 3);
    EXPECT_TRUE(contains(none.err, "cannot be read: No such file"));
    EXPECT_EQ(command::run({"journal"}).exit_code(), 2);
}

}  // namespace
