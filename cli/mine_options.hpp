#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "mine/request.hpp"

namespace procpool::cli {

/// The options of `procpool mine`.
struct MineOptions {
    mine::Request request{};
    int processes = 0;  ///< 0: the CPUs that may be used
    bool compare = false;
    bool json = false;

    // The words of the command line that make a part of the request.
    std::string hash = "adler32";
    std::string digits = "hex";
    std::string strategy = "random";
    int zero_bits = 0;
    std::uint32_t min_length = 0;
    std::uint32_t max_length = 0;
};

/// Adds the options to the command. They are stored when it is parsed, so `options` must still be
/// there.
void add_mine_options(CLI::App& command, MineOptions& options);

/// Completes `options.request` after the command was parsed. Throws tool::BadUsage.
void complete_request(const CLI::App& command, MineOptions& options);

}  // namespace procpool::cli
