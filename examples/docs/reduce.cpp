// docs/reduce.md
// clang-format off
// [program]
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <procpool/procpool.hpp>

using Table = std::map<std::string, int>;

Table words_of(const std::string& line) {
    Table words;
    std::istringstream text(line);
    for (std::string word; text >> word;) ++words[word];
    return words;
}

Table merged(Table all, const Table& more) {
    for (const auto& [word, count] : more) all[word] += count;
    return all;
}

int main() {
    const std::vector<std::string> lines(3'000, "we map functions to data and data to results");

    procpool::Pool pool;
    const Table words = pool.transform_reduce(lines, Table{}, merged, words_of);
    for (const auto& [word, count] : words) std::cout << word << ' ' << count << '\n';
}
// [/program]
