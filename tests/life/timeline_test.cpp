// procpool_test: TIMEOUT 120
// What PROCPOOL_TRACE=file writes, read as JSON.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "support/command.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/json.hpp"
#include "support/program.hpp"
#include "support/text.hpp"

using nlohmann::json;
using support::contains;
using support::contains_match;

namespace {

/// A program that is to write a timeline, from begin to end.
class Timeline : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name = "run.json") const {
        return directory_.path() + "/" + name;
    }
    [[nodiscard]] static support::Ended run(const std::string& what, const std::string& file) {
        return support::run(PROCPOOL_PROGRAMS "/life/timeline", {what},
                            [&] { ::setenv("PROCPOOL_TRACE", file.c_str(), 1); });
    }
    [[nodiscard]] json read(const std::string& name = "run.json") const {
        return support::parse_json(support::content_of(path(name)));
    }
    [[nodiscard]] const support::Directory& directory() const { return directory_; }

private:
    support::Directory directory_;
};

/// The spans of a thread, in nanoseconds.
struct Span {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};
std::int64_t ns(const json& micros) {
    return static_cast<std::int64_t>(micros.get<double>() * 1000 + 0.5);
}

/// Does one lie within the other, or beside it, wherever two of a thread meet?
testing::AssertionResult spans_nest(const json& events) {
    std::map<std::pair<int, std::int64_t>, std::vector<Span>> threads;
    for (const json& event : events) {
        if (event["ph"] == "X") {
            const std::int64_t begin = ns(event["ts"]);
            threads[{event["pid"].get<int>(), event["tid"].get<std::int64_t>()}].push_back(
                {begin, begin + ns(event["dur"])});
        }
    }
    // A double has a microsecond with three digits behind the point for years; one may be off.
    constexpr std::int64_t rounding = 2;
    for (auto& [thread, spans] : threads) {
        std::ranges::sort(spans, [](const Span& a, const Span& b) {
            return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
        });
        std::vector<Span> open;
        for (const Span& span : spans) {
            while (!open.empty() && open.back().end <= span.begin + rounding) {
                open.pop_back();
            }
            if (!open.empty() && span.end > open.back().end + rounding) {
                return testing::AssertionFailure()
                       << "process " << thread.first << ": [" << span.begin << ", " << span.end
                       << "] ends behind [" << open.back().begin << ", " << open.back().end << "]";
            }
            open.push_back(span);
        }
    }
    return testing::AssertionSuccess();
}

std::map<int, std::string> names_of(const json& events) {
    std::map<int, std::string> names;
    for (const json& event : events) {
        if (event["name"] == "process_name") {
            names[event["pid"].get<int>()] = event["args"]["name"].get<std::string>();
        }
    }
    return names;
}

std::size_t processes_called(const std::map<int, std::string>& names, const std::string& part) {
    return static_cast<std::size_t>(std::ranges::count_if(
        names, [&](const auto& name) { return name.second.find(part) != std::string::npos; }));
}

std::vector<std::string> messages_of_deaths(const json& events) {
    std::vector<std::string> messages;
    for (const json& event : events) {
        if (event["ph"] == "i" && event["name"] == "death") {
            messages.push_back(event["args"]["message"].get<std::string>());
        }
    }
    return messages;
}

bool has_span(const json& events, const char* pattern) {
    return std::ranges::any_of(events, [&](const json& event) {
        return event["ph"] == "X" && contains_match(event["name"].get<std::string>(), pattern) ==
                                         testing::AssertionSuccess();
    });
}

/// Of a run with deaths, nested pools and streams.
void check_everything(const json& events) {
    EXPECT_TRUE(spans_nest(events));
    const auto names = names_of(events);
    for (const json& event : events) {
        EXPECT_TRUE(names.contains(event["pid"].get<int>())) << "nameless: " << event.dump();
    }
    EXPECT_EQ(processes_called(names, "(client)"), 1U);
    EXPECT_EQ(processes_called(names, "procpool server of"), 4U) << "three are of nested pools";
    EXPECT_GE(processes_called(names, "procpool worker"), 2U + 3U + 3U)
        << "at first, in their place, and of nested pools";
    const auto deaths = messages_of_deaths(events);
    const auto deaths_like = [&](const char* part) {
        return std::ranges::count_if(deaths, [&](const std::string& message) {
            return message.find(part) != std::string::npos;
        });
    };
    EXPECT_EQ(deaths_like("died of SIGABRT"), 1);
    EXPECT_EQ(deaths_like("exceeded the timeout of 50 ms"), 1);
    EXPECT_EQ(deaths_like("died of signal 9 in try 1, and it is tried again"), 1);
    EXPECT_EQ(deaths_like("in the last of 2 tries"), 1);
    EXPECT_TRUE(has_span(events, "^item [0-9]+$"));
    EXPECT_TRUE(has_span(events, "^[0-9]+ items$")) << "short ones are merged";
    EXPECT_TRUE(has_span(events, "^call [0-9]+$"));
    EXPECT_TRUE(has_span(events, "^rest$"));
    EXPECT_TRUE(has_span(events, "^wait$"));
    EXPECT_TRUE(has_span(events, "^start-up$"));
    EXPECT_TRUE(has_span(events, "^fork of worker [01]$"));
    std::uint64_t items = 0;
    for (const json& event : events) {
        if (event["ph"] == "X" && event.contains("args") && event["args"].contains("count")) {
            items += event["args"]["count"].get<std::uint64_t>();
        }
    }
    EXPECT_GE(items, 2000U + 10 + 5 + 2 + 2 + 3 + 3 * 3 + 20) << "every item that ended is there";
}

TEST_F(Timeline, ShowsDeathsNestedPoolsAndStreams) {
    const auto ended = run("everything", path());
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    check_everything(read());
}

TEST_F(Timeline, IsTheSameForAProgramThatStartsItsWorkersAnew) {
    const auto ended = run("spawn", path());
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    check_everything(read());
    EXPECT_EQ(support::entries_of(directory().path()), std::vector<std::string>{"run.json"});
}

TEST_F(Timeline, KeepsWhatAKilledWorkerDidAndLeavesTheFileToTheParent) {
    const auto ended = run("child", path());
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    std::uint64_t items = 0;
    const json events = read();
    for (const json& event : events) {
        if (event["ph"] == "X" && event.contains("args") && event["args"].contains("count")) {
            items += event["args"]["count"].get<std::uint64_t>();
        }
    }
    EXPECT_EQ(items, 200U);
    EXPECT_EQ(messages_of_deaths(events).size(), 1U);
    const std::string child = ended.out.substr(0, ended.out.find('\n'));
    EXPECT_EQ(processes_called(names_of(read("run." + child + ".json")), "(client)"), 1U);
}

TEST_F(Timeline, IsWholeWhenTheProgramIsKilled) {
    ::setenv("PROCPOOL_TRACE", path().c_str(), 1);
    support::Program program("life/timeline", {"endless"});
    ::unsetenv("PROCPOOL_TRACE");
    EXPECT_EQ(program.line(), "begun");
    // What was written to the file is in it for good; it is written about every second.
    ASSERT_TRUE(support::eventually(
        [&] { return support::content_of(path()).find("\"name\":\"call") != std::string::npos; }));
    program.kill();
    program.wait();
    const std::string text = support::content_of(path());
    // The kernel may have been in the middle of a write; then the closing bracket is missing, which
    // Perfetto does not mind.
    const std::string whole = text.substr(0, text.rfind("}") + 1) + "\n]\n";
    EXPECT_TRUE(spans_nest(support::parse_json(whole)));
}

TEST_F(Timeline, ThatCannotBeWrittenIsToldOnceAndTheProgramGoesOn) {
    for (const std::string& file : {directory().path(), path("none/run.json")}) {
        const auto ended = run("everything", file);
        EXPECT_EQ(ended.exit_code(), 0);
        EXPECT_EQ(ended.out, "done\n");
        EXPECT_TRUE(contains(ended.err, {"PROCPOOL_TRACE", file, "name one that can be written"}));
        EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
    }
}

TEST_F(Timeline, IsNotWrittenWithoutTheVariable) {
    const auto ended = run("everything", "");
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(support::entries_of(directory().path()).empty());
}

}  // namespace
