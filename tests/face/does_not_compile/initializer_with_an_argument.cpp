// must say: an initializer is called without arguments
#include <procpool/pool.hpp>

void wrong() {
    procpool::Pool pool{{.initializer = [](int) {}}};
}
