#pragma once

#include <vector>

#include <procpool/fwd.hpp>

std::vector<double> squares_from_elsewhere(procpool::Pool& pool, const std::vector<double>& data);
