#pragma once

// Types: which of them travel, how, and why one does not.

#include <procpool/detail/kind/kinds.hpp>
#include <procpool/detail/kind/refers.hpp>
#include <procpool/detail/kind/require.hpp>
#include <procpool/detail/kind/travels.hpp>
