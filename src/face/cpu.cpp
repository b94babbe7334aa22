#include <procpool/cpu.hpp>

#include "os/cpus.hpp"

PROCPOOL_BEGIN_NAMESPACE

int usable_cpus() { return os::usable_cpus(); }
int logical_cpus() { return os::logical_cpus(); }
int physical_cores() { return os::physical_cores(); }

PROCPOOL_END_NAMESPACE
