// must say: this callable cannot travel to a running worker because it owns memory
#include <string>

#include <procpool/pool.hpp>

void wrong(const std::string& model) {
    procpool::Pool pool{{.initializer = [model] {}}};
}
