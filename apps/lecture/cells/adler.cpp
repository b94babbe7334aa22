// In [6] and [7] of the lecture: the hash of its exercise, which apps/mine solves.

#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"

namespace lecture {

namespace {

namespace mp = procpool;

std::uint32_t adler(const std::string& text) {
    return static_cast<std::uint32_t>(
        ::adler32_z(1, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

Report run(const Desk& desk) {
    const std::vector<std::string> texts{"I miss DSR already", "I miss DSR already!"};
    const std::vector<std::uint32_t> of_the_lecture{928581169, 1034618450};

    desk.say("procpool");
    const auto hashes = mp::Pool{2}.map(adler, texts);
    desk.say("Python");
    const Answer python = desk.python.ask("adler", {{"texts", texts}});

    Report report;
    report.holds = hashes == of_the_lecture;
    report.details["adler32"] = json::object();
    report.details["python"] =
        python.fate == Fate::done ? python.reply : json(to_string(python.fate));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        report.details["adler32"][texts[i]] = hashes[i];
        report.rows.push_back({.name = fmt::format("text_{}", i + 1),
                               .label = fmt::format("\"{}\"", texts[i]),
                               .text = std::to_string(hashes[i])});
    }
    if (python.fate == Fate::done) {
        const bool agree = python.reply == report.details["adler32"];
        report.notes.push_back(agree ? "Python's zlib says the same."
                                     : "Python's zlib says otherwise: " + python.reply.dump());
    }
    return report;
}

}  // namespace

const Cell adler_cell{
    .name = "adler",
    .title = "The hash of the exercise",
    .teaches =
        "adler32 is pure: nothing shared, nothing locked; ready to be searched in parallel "
        "(apps/mine).",
    .run = run,
    .peers = {},
};

}  // namespace lecture
