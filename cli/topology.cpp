#include "topology.hpp"

#ifdef PROCPOOL_HWLOC
#include <algorithm>
#include <memory>
#include <utility>

#include <hwloc.h>

#include <fmt/format.h>
#endif

namespace procpool::cli {

#ifdef PROCPOOL_HWLOC

std::optional<Topology> topology_by_hwloc(const std::string& synthetic) {
    hwloc_topology_t raw = nullptr;
    if (hwloc_topology_init(&raw) != 0) {
        return std::nullopt;
    }
    const std::unique_ptr<::hwloc_topology, decltype(&hwloc_topology_destroy)> topology(
        raw, &hwloc_topology_destroy);
    if (!synthetic.empty() && hwloc_topology_set_synthetic(raw, synthetic.c_str()) != 0) {
        return std::nullopt;
    }
    if (hwloc_topology_load(raw) != 0) {
        return std::nullopt;
    }

    const auto count = [&](hwloc_obj_type_t type) {
        return std::max(0, hwloc_get_nbobjs_by_type(raw, type));
    };
    std::vector<std::vector<int>> cpus_of_cores;
    for (int core = 0; core < count(HWLOC_OBJ_CORE); ++core) {
        const auto* const object =
            hwloc_get_obj_by_type(raw, HWLOC_OBJ_CORE, static_cast<unsigned>(core));
        std::vector<int>& cpus = cpus_of_cores.emplace_back();
        for (int cpu = hwloc_bitmap_first(object->cpuset); cpu >= 0;
             cpu = hwloc_bitmap_next(object->cpuset, cpu)) {
            cpus.push_back(cpu);
        }
    }
    const unsigned version = hwloc_get_api_version();
    return Topology{.packages = count(HWLOC_OBJ_PACKAGE),
                    .cores = count(HWLOC_OBJ_CORE),
                    .cpus = count(HWLOC_OBJ_PU),
                    .numa_nodes = count(HWLOC_OBJ_NUMANODE),
                    .cpus_of_cores = std::move(cpus_of_cores),
                    .source = fmt::format("hwloc (API {}.{}.{})", version >> 16,
                                          version >> 8 & 0xff, version & 0xff)};
}

#else

std::optional<Topology> topology_by_hwloc(const std::string& /*synthetic*/) { return std::nullopt; }

#endif

}  // namespace procpool::cli
