#pragma once

#include <vector>

// The form in which a program may name the pool without its header.
namespace procpool {
class Pool;
}  // namespace procpool

std::vector<double> squares_from_elsewhere(procpool::Pool& pool, const std::vector<double>& data);
