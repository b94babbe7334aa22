// The file of a timeline: its JSON, its bounds, and who may write it.

#include "engine/client/timeline_file.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/json.hpp"

namespace procpool::engine {
namespace {

TimelineRecord item(std::uint64_t index) {
    return {.began = 1000 * index,
            .ended = 1000 * index + 500,
            .first = index,
            .serial = 3,
            .count = 1,
            .pid = 42,
            .kind = RecordKind::items};
}

class TimelineFileTest : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return directory_.path() + "/t.json"; }
    [[nodiscard]] nlohmann::json read() const {
        return support::parse_json(support::content_of(path()));
    }
    support::Directory directory_;
};

TEST_F(TimelineFileTest, IsWholeBehindEachFlush) {
    TimelineFile file(path());
    EXPECT_EQ(read().size(), 0U);
    for (std::uint64_t i = 0; i < 5; ++i) {
        file.put(item(i));
        EXPECT_EQ(read().size(), i);
        file.flush();
        EXPECT_EQ(read().size(), i + 1);
    }
    EXPECT_EQ(read()[2],
              support::parse_json(R"({"ph":"X","name":"item 2","pid":42,"tid":42,"ts":2.0,
                  "dur":0.5,"args":{"first":2,"count":1,"call":3}})"));
}

TEST_F(TimelineFileTest, KeepsDeathsOnlyOnceItIsFull) {
    constexpr std::uint64_t limit = 20'000;
    TimelineFile file(path(), limit);
    TimelineRecord death = item(1);
    death.kind = RecordKind::death;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        file.put(item(i));
        file.flush();
    }
    const std::size_t before = read().size();
    EXPECT_LT(before, 1000U);
    file.put(death, "it died");
    file.put(item(5));
    file.flush();
    EXPECT_EQ(read().size(), before + 1);
    EXPECT_EQ(read().back()["args"]["message"], "it died");
    for (int i = 0; i < 1000; ++i) {
        file.put(death, "it died");
    }
    file.flush();
    EXPECT_LE(support::content_of(path()).size(), limit + limit / 10 + 1000);
}

TEST_F(TimelineFileTest, MergesMoreTheLongerItIs) {
    TimelineFile file(path());
    const std::uint64_t before = file.quantum_ns();
    const std::string text(4000, 'x');
    TimelineRecord death = item(1);
    death.kind = RecordKind::death;
    for (int i = 0; i < 1200; ++i) {
        file.put(death, text);
    }
    file.flush();
    EXPECT_EQ(file.quantum_ns(), 2 * before);
}

TEST_F(TimelineFileTest, IsWrittenByOneAtATime) {
    TimelineFile first(path());
    first.put(item(1));
    first.flush();
    TimelineFile second(path());
    second.put(item(2));
    second.put(item(3));
    second.flush();
    EXPECT_EQ(read().size(), 1U);
    const std::string beside = directory_.path() + "/t." + std::to_string(::getpid()) + ".json";
    EXPECT_EQ(support::parse_json(support::content_of(beside)).size(), 2U);
}

TEST(JsonOf, QuotesEveryText) {
    TimelineRecord record = item(0);
    record.kind = RecordKind::death;
    const std::string text = "a \"b\"\\\n\t\x01 \xc3\xa4 \xff \xed\xa0\x80 \xf4\x90\x80\x80 \xc3";
    const auto message = support::parse_json(json_of(record, text))["args"]["message"];
    EXPECT_EQ(message, "a \"b\"\\\n   \xc3\xa4 ? ??? ???? ?");
}

TEST(JsonOf, IsValidForAnyBytes) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20'000; ++round) {
        TimelineRecord record;
        std::array<std::uint64_t, sizeof record / 8> words{};
        for (auto& word : words) {
            word = random();
        }
        std::memcpy(static_cast<void*>(&record), words.data(), sizeof record);
        if (round % 2 == 0) {  // one that is read
            record.kind = static_cast<RecordKind>(1 + random() % 10);
            record.pid = static_cast<std::int32_t>(random() % 1000 + 1);
            record.began %= 1U << 30U;
            record.ended = record.began + random() % 1000;
        }
        const std::string line = json_of(record, record.read_text());
        if (!line.empty()) {
            EXPECT_NO_THROW(static_cast<void>(support::parse_json("[" + line + "]"))) << line;
        }
        EXPECT_TRUE(round % 2 != 0 || !line.empty());
    }
}

}  // namespace
}  // namespace procpool::engine
