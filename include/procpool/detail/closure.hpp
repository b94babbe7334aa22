#pragma once

// Callables: which of them travel, and how.

#include <procpool/detail/closure/bytes.hpp>
#include <procpool/detail/closure/code.hpp>
#include <procpool/detail/closure/kinds.hpp>
#include <procpool/detail/closure/open.hpp>
