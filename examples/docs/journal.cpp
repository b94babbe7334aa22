// The example of docs/journal.md.
// clang-format off
// [program]
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;

int parse(const std::string& text) { return std::stoi(text); }    // imagine an hour

int main() {
    std::vector<std::string> texts{"1", "2", "three", "4"};
    mp::Pool pool{2};
    try {
        pool.map(parse, texts, {.journal = {"run.journal"}});
    } catch (const std::invalid_argument& error) {                // or the program is killed: it is all the same
        std::cout << "stopped by " << error.what() << '\n';
    }
    for (const mp::JournalItem& item : mp::read_journal("run.journal").items)
        std::cout << item.index << (item.state == mp::JournalItem::State::done ? " done\n" : " failed\n");

    texts[2] = "3";                                               // the next run: one item is left to do
    for (int x : pool.map(parse, texts, {.journal = {"run.journal"}})) std::cout << x << ' ';
    std::cout << '\n';
}
// [/program]
