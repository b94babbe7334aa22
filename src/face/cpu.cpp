#include <procpool/cpu.hpp>

#include "os/cancellation.hpp"
#include "os/cpus.hpp"

PROCPOOL_BEGIN_NAMESPACE

int usable_cpus() {
    const os::CancellationBlock whole;
    return os::usable_cpus();
}
int logical_cpus() {
    const os::CancellationBlock whole;
    return os::logical_cpus();
}
int physical_cores() {
    const os::CancellationBlock whole;
    return os::physical_cores();
}

PROCPOOL_END_NAMESPACE
