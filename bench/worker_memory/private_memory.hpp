#pragma once

#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace bench {

/// Bytes that only this process uses (Private_* of smaps_rollup): what one more process costs.
inline double private_memory(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    double kib = 0;
    bool found = false;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("Private_")) {
            continue;
        }
        kib += std::stod(line.substr(line.find(':') + 1));
        found = true;
    }
    if (!found) {
        throw std::runtime_error("no smaps_rollup of process " + std::to_string(pid));
    }
    return kib * 1024;
}

}  // namespace bench
