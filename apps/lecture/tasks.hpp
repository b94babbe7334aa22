#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "timing.hpp"

// What the lecture maps: plain functions that know nothing of pools.

namespace lecture {

/// The function of the lecture: waits, then squares.
double subtract(double x, Seconds sleep = std::chrono::milliseconds(10));

/// Computes: `rounds` multiplications, each of which needs the result of the one before.
double churn(double x, std::uint32_t rounds);

/// How many rounds of churn() take so many seconds, on this machine and now.
std::uint32_t rounds_for(double seconds);

/// Waits for the network: asks the server on 127.0.0.1 and returns its answer. Throws
/// std::system_error.
double ask(double x, std::uint16_t port);

/// The sum of the numbers in a line such as "item 217 = 3,5,8". It trusts its input, as parsers do:
/// a line without `=` makes it dereference null, a word instead of a number ends in std::terminate,
/// and an empty number in an endless loop.
int parse(const std::string& line);

/// `count` lines for parse(), three of them bad.
std::vector<std::string> lines_to_parse(std::size_t count);

/// Which of lines_to_parse(count) are bad, by what they lead to.
struct BadLines {
    std::size_t null_dereference;
    std::size_t terminate;
    std::size_t endless_loop;
};
BadLines bad_lines(std::size_t count);

}  // namespace lecture
