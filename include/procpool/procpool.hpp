#pragma once

// All of procpool but the thread pool.

#if __cplusplus <= 201703L
#error "procpool needs C++20: compile with -std=c++20; for CMake, set(CMAKE_CXX_STANDARD 20)"
#else
#include <procpool/async.hpp>
#include <procpool/async_result.hpp>
#include <procpool/bind.hpp>
#include <procpool/cpu.hpp>
#include <procpool/errors.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/init.hpp>
#include <procpool/journal.hpp>
#include <procpool/options.hpp>
#include <procpool/outcome.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/shippable.hpp>
#include <procpool/stats.hpp>
#include <procpool/stream.hpp>
#include <procpool/this_task.hpp>
#endif
