#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stopwatch.hpp"

// What the lecture maps: plain functions that know nothing of pools.

namespace lecture {

/// The lecture's: waits, then squares.
double subtract(double x, Seconds sleep = std::chrono::milliseconds(10));

/// Computes: `rounds` multiplications, each of which needs the one before.
double churn(double x, std::uint32_t rounds);

/// The rounds of churn() that take `seconds` on this machine, now.
std::uint32_t rounds_for(double seconds);

/// Waits for the network: asks the server on 127.0.0.1 and returns its answer. Throws
/// std::system_error.
double ask(double x, std::uint16_t port);

/// The sum of the numbers in a line such as "item 217 = 3,5,8". Trusts its input, as parsers do: a
/// line without `=` makes it dereference null, a number that is none ends in std::terminate, an
/// empty number in an endless loop.
int parse(const std::string& line);

/// So many lines for parse(), three of them bad.
std::vector<std::string> lines_to_parse(std::size_t count);

/// Of lines_to_parse(count): which are bad, in the order null dereference, std::terminate, endless
/// loop.
struct BadLines {
    std::size_t null_dereference;
    std::size_t terminate;
    std::size_t endless_loop;
};
BadLines bad_lines(std::size_t count);

}  // namespace lecture
