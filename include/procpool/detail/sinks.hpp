#pragma once

// The sinks of the calls: what each returns, collected as the workers send it.

#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/sinks/find.hpp>
#include <procpool/detail/sinks/outcomes.hpp>
#include <procpool/detail/sinks/values.hpp>
